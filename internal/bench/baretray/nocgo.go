//go:build !cgo

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "baretray: this build has no desktop: build it with CGO_ENABLED=1.")
	os.Exit(1)
}
