// Package repo holds the tests of the repository itself: who may import whom, one comment for each package, the size of
// files, and what the README says of the tools.
package repo

//go:generate go test . -update
