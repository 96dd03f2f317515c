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

// read returns what a file holds.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no file", path))
	}
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err == nil && len(data) > largest {
		err = fmt.Errorf("%s is too large to be a configuration", path)
	}
	return data, err
}

// change replaces a file whole or not at all by what edit makes of it, with the mode that it had. A link stays, and what
// it leads to is changed. The file as it was is kept beside it.
func change(path string, edit func([]byte) ([]byte, error)) (backup string, err error) {
	mode, old := fs.FileMode(0o600), []byte(nil)
	switch real, err := filepath.EvalSymlinks(path); {
	case err == nil:
		path = real
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		mode = info.Mode().Perm()
		if old, err = read(path); err != nil {
			return "", err
		}
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
	now, err := edit(old)
	if err != nil || bytes.Equal(now, old) {
		return "", err
	}
	if old != nil {
		backup = path + backupEnd
		if err := write(backup, old, mode); err != nil {
			return "", fmt.Errorf("keeping a copy: %w", err)
		}
	}
	return backup, write(path, now, mode)
}

func write(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".postern-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
