//go:build e2e

package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// check waits for the end of all that the test has started, and searches the record.
func (r *record) check() {
	for _, d := range r.desktops {
		d.wait("all that was started to end", func() bool { return len(d.running()) == 0 })
	}
	r.checkClients()
	r.readAddresses()
	r.readStates()
	r.readFiles()
	for args := range r.arguments {
		_, _ = r.log("an argument of a process").Write([]byte(args))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, out := range r.results {
		for _, what := range r.tokens.find(out.String()) {
			r.t.Errorf("%s holds %s", out.name, what)
		}
	}
	for _, out := range r.logs {
		s := out.String()
		if found := append(r.tokens.find(s), r.private.find(s)...); len(found) > 0 {
			r.t.Errorf("%s holds %s:\n%s", out.name, strings.Join(found, "; "), s)
		}
	}
}

// readStates reads all files of the state directories, and the record of calls, which is held to more.
func (r *record) readStates() {
	for _, d := range r.desktops {
		dir, n := d.dir, 0
		for path, b := range filesBelow(r.t, dir) {
			n++
			_, _ = r.result("the file " + path).Write(b)
		}
		if n == 0 {
			r.t.Errorf("%s holds no file: nothing was searched there", dir)
			continue
		}
		columns := map[string]*text{}
		for _, v := range values(r.t, filepath.Join(dir, database)) {
			name := "the database's column " + v.table + "." + v.column
			switch {
			case columns[name] != nil:
			case v.table == "activity":
				columns[name] = r.log(name)
			default:
				columns[name] = r.result(name)
			}
			_, _ = columns[name].Write([]byte(v.value + "\n"))
		}
	}
}

// readFiles reads the logs that are files. There is none of a program that was not started.
func (r *record) readFiles() {
	for path, name := range r.files {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.t.Error(err)
		}
		_, _ = r.log(name).Write(b)
	}
}

// filesBelow returns what the files of a directory hold.
func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found[path] = b
		return err
	})
	if err != nil {
		t.Errorf("reading %s: %v", dir, err)
	}
	return found
}
