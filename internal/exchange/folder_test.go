//go:build unix

package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/internal/exchange"
	"postern/internal/store"
)

func newFolder(t *testing.T) *exchange.Folder {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &exchange.Folder{Dir: filepath.Join(t.TempDir(), "files"), Index: s}
}

func put(t *testing.T, f *exchange.Folder, client, name, content string) exchange.File {
	t.Helper()
	file, err := f.Put(t.Context(), client, name, "", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWhatIsPutComesBack(t *testing.T) {
	f := newFolder(t)
	put(t, f, "claude", "report.pdf", "first")
	file := put(t, f, "claude", "report.pdf", "second")
	if file.Name != "report (2).pdf" || file.MIME != "application/pdf" || file.Size != 6 {
		t.Errorf("Put: %+v", file)
	}
	for _, ref := range []string{file.Handle, file.Path, file.Name} {
		got, r, err := f.Open(t.Context(), "claude", true, ref)
		if err != nil {
			t.Fatalf("Open(%q): %v", ref, err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if string(b) != "second" || err != nil || got.SHA256 != file.SHA256 || got.Size != 6 {
			t.Errorf("Open(%q): %q, %v, %+v", ref, b, err, got)
		}
	}
	if info, err := os.Stat(file.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

func TestHandlesAreForOneClient(t *testing.T) {
	f := newFolder(t)
	file := put(t, f, "claude", "a.txt", "x")
	if _, _, err := f.Open(t.Context(), "other", true, file.Handle); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("another client's handle: %v", err)
	}
	owners := put(t, f, "", "b.txt", "x")
	if _, r, err := f.Open(t.Context(), "other", false, owners.Handle); err != nil {
		t.Errorf("the owner's handle: %v", err)
	} else {
		r.Close()
	}
}

func TestNothingOutsideIsOpened(t *testing.T) {
	f := newFolder(t)
	put(t, f, "c", "inside.txt", "x")
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("private"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": outside, "up": "..", "folder": filepath.Dir(outside), "broken": "/nowhere/at/all"} {
		if err := os.Symlink(target, filepath.Join(f.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(f.Dir, "dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(f.Dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	big, err := os.Create(filepath.Join(f.Dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(big.Truncate(exchange.MaxFile+1), big.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ref, want string }{
		{outside, "not inside"}, {"../secret.txt", "not inside"}, {"a/../../secret.txt", "not inside"}, {"", "not inside"}, {".", "not inside"},
		{"inside.txt\x00.pdf", "not inside"}, {f.Dir, "not inside"}, {f.Dir + "-other/x", "not inside"},
		{"link", "out of the exchange folder"}, {"up/x", "out of the exchange folder"}, {"folder/secret.txt", "out of the exchange folder"}, {"broken", "out of the exchange folder"},
		{"dir", "no regular file"}, {"fifo", "no regular file"}, {"big", "the most is"}, {"missing.txt", "not in the exchange folder"},
		{"postern://file/abc", "no such file"}, {"file:///etc/passwd", "no file handle"}, {strings.Repeat("x", 5000), "exchange folder"},
	} {
		_, r, err := f.Open(t.Context(), "c", true, c.ref)
		if err == nil {
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%.60q): %v, want %q", c.ref, err, c.want)
		}
	}
	if _, _, err := f.Open(t.Context(), "c", false, "inside.txt"); err == nil || !strings.Contains(err.Error(), "by handle") {
		t.Errorf("a path from a client on another computer: %v", err)
	}
}

func TestAFolderThatIsReachedByALink(t *testing.T) {
	f := newFolder(t)
	real := t.TempDir()
	if err := os.Symlink(real, f.Dir); err != nil {
		t.Fatal(err)
	}
	file := put(t, f, "c", "a.txt", "x")
	for _, ref := range []string{file.Handle, "a.txt", filepath.Join(f.Dir, "a.txt"), filepath.Join(real, "a.txt")} {
		_, r, err := f.Open(t.Context(), "c", true, ref)
		if err != nil {
			t.Errorf("Open(%q): %v", ref, err)
			continue
		}
		r.Close()
	}
}

func TestPutsAtOnceTakeDifferentNames(t *testing.T) {
	f := newFolder(t)
	const n = 12
	type one struct {
		exchange.File
		content string
		err     error
	}
	files := make(chan one)
	for i := range n {
		go func() {
			content := strings.Repeat("x", i)
			file, err := f.Put(t.Context(), "c", "same.txt", "", strings.NewReader(content))
			files <- one{file, content, err}
		}()
	}
	names := map[string]bool{}
	for range n {
		file := <-files
		if file.err != nil {
			t.Fatal(file.err)
		}
		if b, err := os.ReadFile(file.Path); string(b) != file.content || err != nil {
			t.Errorf("%s holds %q, want %q (%v)", file.Name, b, file.content, err)
		}
		names[file.Name] = true
	}
	if len(names) != n {
		t.Errorf("%d names for %d files", len(names), n)
	}
}

func TestTheMediaTypeIsOneAtAll(t *testing.T) {
	f := newFolder(t)
	for _, c := range []struct{ name, says, content, want string }{
		{"a.pdf", "application/pdf", "x", "application/pdf"},
		{"a.pdf", "application/octet-stream", "x", "application/pdf"},
		{"a", "", "%PDF-1.7 rest", "application/pdf"},
		{"a", "text/html\r\nX-Evil: 1", "plain", "text/plain; charset=utf-8"},
		{"a", "nonsense/", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.ics", "text/calendar; method=REQUEST", "x", "text/calendar; method=REQUEST"},
	} {
		file, err := f.Put(t.Context(), "c", c.name, c.says, strings.NewReader(c.content))
		if err != nil || file.MIME != c.want {
			t.Errorf("Put(%q, %q): %q, %v; want %q", c.name, c.says, file.MIME, err, c.want)
		}
	}
}

func TestAHandleOutlivesItsFolderWithAReason(t *testing.T) {
	f := newFolder(t)
	gone, moved := put(t, f, "c", "gone.txt", "x"), put(t, f, "c", "moved.txt", "x")
	if err := os.Remove(gone.Path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Open(t.Context(), "c", false, gone.Handle); err == nil || !strings.Contains(err.Error(), "no longer in") || strings.Contains(err.Error(), f.Dir) {
		t.Errorf("a file that was removed: %v", err)
	}
	f.Dir = t.TempDir()
	if _, _, err := f.Open(t.Context(), "c", false, moved.Handle); err == nil || !strings.Contains(err.Error(), "present exchange folder") || strings.Contains(err.Error(), moved.Path) {
		t.Errorf("another folder: %v", err)
	}
}

// forgetful is an index that cannot be written.
type forgetful struct{ exchange.Index }

func (forgetful) AddFile(context.Context, exchange.File) error { return errors.New("the disk is full") }

func TestPutSaysWhatIsWrong(t *testing.T) {
	f := newFolder(t)
	f.Index = forgetful{f.Index}
	if _, err := f.Put(t.Context(), "c", "x.txt", "", strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("an index that cannot be written: %v", err)
	}
	if left, err := os.ReadDir(f.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	f.Dir = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(f.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Put(t.Context(), "c", "x.txt", "", strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "exchange folder") {
		t.Errorf("a folder that is a file: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line went dead") }

func TestAFileThatCannotBeWrittenWholeIsRemoved(t *testing.T) {
	f := newFolder(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	endless := io.LimitReader(zeros{}, exchange.MaxFile+2)
	for name, c := range map[string]struct {
		ctx context.Context
		r   io.Reader
	}{
		"a broken source":  {t.Context(), io.MultiReader(strings.NewReader("half"), broken{})},
		"a cancelled call": {cancelled, strings.NewReader("x")},
		"a file too large": {t.Context(), endless},
	} {
		if _, err := f.Put(c.ctx, "c", "x.bin", "", c.r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if left, err := os.ReadDir(f.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `C:\Windows\win.ini`: "win.ini", "": "file", "...": "file", ".bashrc": "bashrc",
		"a\r\nb.txt": "a  b.txt", "con.txt": "_con.txt", "COM1": "_COM1", "x\u202Egpj.exe": "xgpj.exe", "what?.txt": "what_.txt", "Übersicht.xlsx": "Übersicht.xlsx",
		"bad\xff.txt": "bad_.txt",
	} {
		if got := exchange.SafeName(in); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", in, got, want)
		}
	}
	long := exchange.SafeName(strings.Repeat("ü", 300) + ".pdf")
	if len(long) > 200 || !strings.HasSuffix(long, ".pdf") || !bytes.HasPrefix([]byte(long), []byte("ü")) {
		t.Errorf("a long name: %d bytes, %q", len(long), long)
	}
}
