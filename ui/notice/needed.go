package notice

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Needed reports whether nobody reads what is written to standard error: it is no terminal, and no pipe to a program that
// wants to know. So it is after a click in a menu, where it leads to a log or to nowhere.
func Needed(errOut io.Writer) bool {
	f, ok := errOut.(*os.File)
	if !ok || term.IsTerminal(int(f.Fd())) {
		return false
	}
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeNamedPipe == 0 // on Windows a program of the desktop may have none at all
}
