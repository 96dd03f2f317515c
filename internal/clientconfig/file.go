package clientconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// largest is the most bytes that a configuration may have. Claude Code keeps much more than settings in its own.
const largest = 64 << 20

// backupEnd is what the copy of a file is called more than the file.
const backupEnd = ".before-postern"

// read returns what a file holds. What is none is not opened: a pipe would wait for whoever writes into it.
func read(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err == nil && len(data) > largest {
		err = fmt.Errorf("%s is too large to be a configuration", path)
	}
	return data, err
}

// tries is how often a change is made anew, if another program writes into the file meanwhile.
const tries = 5

// errWritten is returned for a file that is not as it was when it was read.
var errWritten = errors.New("another program writes into it just now: try again")

// change replaces a file whole or not at all by what edit makes of it, with the mode that it had. A link stays, and what
// it leads to is changed. The file as it was is kept beside it.
func change(path string, edit func([]byte) ([]byte, error)) (backup string, err error) {
	switch real, err := filepath.EvalSymlinks(path); {
	case err == nil:
		path = real
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	default:
		if _, err := os.Lstat(path); err == nil {
			return "", fmt.Errorf("%s is a link that leads nowhere: mend or remove it", path)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
	}
	for range tries {
		if backup, err = changeOnce(path, edit); !errors.Is(err, errWritten) {
			break
		}
	}
	return backup, err
}

// changeOnce returns errWritten, and changes nothing, if the file was written to after it was read.
func changeOnce(path string, edit func([]byte) ([]byte, error)) (backup string, err error) {
	mode := fs.FileMode(0o600)
	old, err := read(path)
	if err == nil {
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		mode = info.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	now, err := edit(old)
	if err != nil || bytes.Equal(now, old) {
		return "", err
	}
	if old != nil {
		backup = path + backupEnd
		if err := write(backup, old, mode, nil); err != nil {
			return "", fmt.Errorf("keeping a copy: %w", err)
		}
	}
	return backup, write(path, now, mode, func() error {
		is, err := read(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(is, old) || (is == nil) != (old == nil) {
			return errWritten
		}
		return nil
	})
}

// write replaces a file. last is asked just before, and may keep it from that; it may be nil.
func write(path string, data []byte, mode fs.FileMode, last func() error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".postern-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil && last != nil {
		err = last()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
