//go:build unix

package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// asStranger is the command of this binary for another user, who must be able to reach it.
func asStranger(t *testing.T) *exec.Cmd {
	t.Helper()
	asRoot(t)
	from, err := os.Open(self(t).Path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	exe := filepath.Join(short(t, 0o755), "stranger")
	to, err := os.OpenFile(exe, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	as := func(program string) *exec.Cmd {
		cmd := exec.Command(program)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
		return cmd
	}
	// In some containers the very root is closed to everybody else: then there is no other user to try.
	if err := as("/bin/true").Run(); err != nil {
		t.Skipf("this computer runs nothing for another user: %v", err)
	}
	return as(exe)
}

func TestAnotherUserIsRefusedBeforeAByteIsRead(t *testing.T) {
	cmd := asStranger(t)
	dir := short(t, 0o700)
	var asked atomic.Int32
	l := listening(t, dir, noEnv, Info{})
	var log lockedBuffer
	l.Log = slog.New(slog.NewTextHandler(&log, nil))
	ended := make(chan error)
	go func() {
		ended <- Serve(t.Context(), l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			Reply(w, nil)
		}))
	}()
	// Were it not for the check, nothing else would hold the other user up.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(l.Path, 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); err != nil || asked.Load() != 1 {
		t.Fatalf("the user's own call: %v, %d calls", err, asked.Load())
	}
	caller := start(t, cmd, "caller", l.Path)
	caller.expect(t, "connected")
	caller.expect(t, `got ""`)
	if n := asked.Load(); n != 1 {
		t.Errorf("%d calls came through", n)
	}
	l.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	// Written after the connection was closed, but before the listener's end.
	if got := log.String(); !strings.Contains(got, strconv.Itoa(stranger)) || !strings.Contains(got, strconv.Itoa(caller.Process.Pid)) {
		t.Errorf("the log says %q", got)
	}
}

func TestAClientTellsAnotherUserNothing(t *testing.T) {
	cmd := asStranger(t)
	place := short(t, 0o755)
	if err := os.Chown(place, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(place, "s")
	squatter := start(t, cmd, "squatter", path)
	squatter.expect(t, "ready")
	dir := short(t, 0o700)
	b, err := json.Marshal(Info{PID: 1, Socket: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, infoName), b, 0o600); err != nil {
		t.Fatal(err)
	}
	err = Dial(dir, noEnv).Do(t.Context(), "POST", "/secret", "secret", nil)
	if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), strconv.Itoa(stranger)) {
		t.Errorf("%v", err)
	}
	squatter.expect(t, `heard "" EOF`)
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
