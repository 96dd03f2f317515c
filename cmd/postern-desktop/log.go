//go:build cgo

package main

import (
	"io"
	"log"
	"path/filepath"

	"postern/internal/logfile"
	"postern/server/oauth/opaque"
)

// logName is the log in the state directory.
const logName = "desktop.log"

// tee writes to a file and to standard error, of which a program without a terminal may have none.
type tee struct {
	file   *logfile.File
	errOut io.Writer
}

// openLog returns where the log goes, and sends there what libraries say.
func openLog(dir string, errOut io.Writer) tee {
	t := tee{&logfile.File{Path: filepath.Join(dir, logName), Clean: opaque.Redact}, errOut}
	log.SetOutput(t)
	return t
}

// Write tries both; a log that cannot be written is no reason to stop.
func (t tee) Write(b []byte) (int, error) {
	_, _ = io.WriteString(t.errOut, opaque.Redact(string(b)))
	_, _ = t.file.Write(b)
	return len(b), nil
}
