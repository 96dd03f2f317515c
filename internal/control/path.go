package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxPath is the longest path of a socket, in bytes: sun_path has 104 on macOS and 108 on Linux, of which one ends it.
const maxPath = 103

// What lies in the state directory.
const (
	lockName   = "control.lock"
	infoName   = "control.json"
	socketName = "control.sock"
)

// Path returns where the socket of a state directory is: in $XDG_RUNTIME_DIR, if that is the user's own as the XDG Base
// Directory Specification wants it, else in the state directory itself, and where that is too long a path for a socket
// in a directory of the user's own under os.TempDir. It creates nothing. A nil getenv means os.Getenv.
func Path(dir string, getenv func(string) string) string {
	if getenv == nil {
		getenv = os.Getenv
	}
	if abs, err := filepath.Abs(dir); err == nil { // it fails only where the working directory is gone
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	short := hex.EncodeToString(sum[:8]) + ".sock"
	if run := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(run) && runtimeDir(run) {
		if path := filepath.Join(run, "postern", short); fits(path) {
			return path
		}
	}
	if path := filepath.Join(dir, socketName); fits(path) {
		return path
	}
	return filepath.Join(os.TempDir(), tempName(), short)
}

func fits(path string) bool { return len(path) <= maxPath }

// runtimeDir reports whether the directory can hold sockets: the specification demands the owner and exactly this mode.
func runtimeDir(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm() == 0o700 && own(info)
}

// private refuses a directory in which somebody else could put or take away files.
func private(dir string, info fs.FileInfo) error {
	switch {
	case !info.IsDir(): // a symbolic link, too, if info came from Lstat
		return fmt.Errorf("%q is not a directory: move it away", dir)
	case !own(info):
		return fmt.Errorf("the directory %q belongs to another user", dir)
	case !closed(info):
		return fmt.Errorf("the directory %q is open to others (%v): close it with chmod 700", dir, info.Mode().Perm())
	}
	return nil
}

// stateDir makes the state directory if it is missing, and refuses one that is not the user's own.
func stateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the state directory: %w; choose another with POSTERN_HOME", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the state directory: %w", err)
	}
	return private(dir, info)
}

// socketDir makes the directory of a socket that does not lie in the state directory. Under os.TempDir anybody may have
// been there first, so what is found must be a directory, no link to one, and the user's own.
func socketDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the directory of the control socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("looking at the directory of the control socket: %w", err)
	}
	if err := private(dir, info); err != nil {
		return fmt.Errorf("the control socket has no safe place: %w; or set XDG_RUNTIME_DIR, or choose a shorter POSTERN_HOME", err)
	}
	return nil
}
