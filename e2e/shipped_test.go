//go:build e2e && !conformance

package e2e

// buildFlags are what the binary is built with besides GOFLAGS: nothing, as it ships.
var buildFlags []string
