//go:build cgo && !probe

package main

import "context"

// What tests ask of the program is not in the one that ships.

func breakWhenAsked() {}
func tellWhenAsked()  {}

func (*desktop) stirWhenAsked(context.Context) {}
