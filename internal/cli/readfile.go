package cli

import (
	"os"

	"github.com/spf13/cobra"

	"postern/internal/extract"
)

// readVerb is the verb that Postern starts itself with to read a file that came from outside.
const readVerb = "read-file"

// reader is the command line of that; none if the program does not know where it lies.
func reader() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, readVerb}
}

func (f *face) readFile() *cobra.Command {
	return &cobra.Command{Use: readVerb + " KIND", Hidden: true, Short: "Read a file from standard input and write its text", Args: exactly(1), Run: func(_ *cobra.Command, args []string) {
		os.Exit(extract.Work(args[0], f.in, f.out))
	}}
}
