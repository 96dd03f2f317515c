package control

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// The user's profile, which holds the state directory and os.TempDir, is closed to other users by its access list. The
// mode that Go makes up for a file says nothing of that.

func own(fs.FileInfo) bool { return true }

func closed(fs.FileInfo) bool { return true }

// tempName names the directory under os.TempDir, which is the user's own.
func tempName() string { return "postern" }

// nobody reports whether connecting failed because nobody listens: no socket, or one that a dead process left.
func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, windows.WSAECONNREFUSED)
}
