//go:build cgo && !probe

package main

// What tests ask of the program is not in the one that ships.

func breakWhenAsked() {}
func tellWhenAsked()  {}
