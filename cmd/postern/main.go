// Command postern is Postern at the command line: it serves MCP clients over stdio, manages profiles, and answers
// approvals. Run it without arguments for its verbs.
package main

import (
	"os"

	"postern/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
