// Package logfile keeps a log in a file of the owner's own that does not grow without end.
package logfile

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"sync"
)

// usualMax is how large a log may become, in bytes, before a new one is begun.
const usualMax = 1 << 20

// File is a log, and the one before it in Path with ".1" after it. It is opened by the first line, in a directory that
// must be there by then.
type File struct {
	Path  string
	Max   int64               // bytes; 0 for one MiB
	Clean func(string) string // takes out what must not be kept; nil for nothing

	mu   sync.Mutex // guards the fields below
	f    *os.File
	size int64
}

// Write appends a line, or several.
func (l *File) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := b
	if l.Clean != nil {
		line = []byte(l.Clean(string(b)))
	}
	if err := l.open(int64(len(line))); err != nil {
		return 0, err
	}
	n, err := l.f.Write(line)
	l.size += int64(n)
	if err != nil {
		return 0, fmt.Errorf("writing the log: %w", err)
	}
	return len(b), nil
}

// open opens the file, a new one if more would make it too large.
func (l *File) open(more int64) error {
	if l.f != nil && l.size+more <= cmp.Or(l.Max, usualMax) {
		return nil
	}
	if l.f != nil {
		err := l.f.Close()
		l.f = nil
		if err = errors.Join(err, os.Rename(l.Path, l.Path+".1")); err != nil {
			return fmt.Errorf("beginning a new log: %w", err)
		}
	}
	f, err := os.OpenFile(l.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != 0o600 { // it was made by something else
		err = f.Chmod(0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("opening the log: %w", err), f.Close())
	}
	l.f, l.size = f, info.Size()
	if l.size > 0 && l.size+more > cmp.Or(l.Max, usualMax) { // it was full when we came
		return l.open(more)
	}
	return nil
}

// Close closes the file. What is written after opens it again.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
