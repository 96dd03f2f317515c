package notice

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestAWindowIsNeededWhereNobodyReads what is written: a log or nowhere, and not a program or a person.
func TestAWindowIsNeededWhereNobodyReads(t *testing.T) {
	log, err := os.Create(filepath.Join(t.TempDir(), "session.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if !Needed(log) || !Needed(nowhere) {
		t.Errorf("for a log %v, for nowhere %v", Needed(log), Needed(nowhere))
	}
	if Needed(w) || Needed(&bytes.Buffer{}) {
		t.Errorf("for a program %v, for a test %v", Needed(w), Needed(&bytes.Buffer{}))
	}
}
