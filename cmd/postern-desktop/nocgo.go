//go:build !cgo

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "postern-desktop: this build has no desktop: build it with CGO_ENABLED=1, or use the command postern.")
	os.Exit(1)
}
