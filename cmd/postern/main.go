// Command postern is Postern at the command line: it serves MCP clients over stdio, manages profiles, and answers
// approvals. Run it without arguments for its verbs.
package main

import (
	"os"
	"runtime/debug"

	"postern/internal/cli"
)

func main() {
	// A process that waits for its client most of its life should be small rather than quick at collecting.
	debug.SetGCPercent(50)
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
