//go:build unix

package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// own reports whether the file is the user's.
func own(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// closed reports whether nobody else has a right to the file.
func closed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// tempName names the user's directory under os.TempDir, which all users share.
func tempName() string { return fmt.Sprintf("postern-%d", os.Geteuid()) }

// nobody reports whether connecting failed because nobody listens: no socket, or one that a dead process left.
func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}
