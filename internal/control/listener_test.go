package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listening opens the socket of dir and closes it after the test.
func listening(t *testing.T, dir string, getenv func(string) string, info Info) *Listener {
	t.Helper()
	l, err := Listen(dir, getenv, info)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// serve is a bridge that runs until the end of the test.
func serve(t *testing.T, dir string, getenv func(string) string, h http.Handler) *Listener {
	t.Helper()
	l := listening(t, dir, getenv, Info{})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, l, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

// peerHandler answers with who asks.
var peerHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	p, ok := Peer(r)
	if !ok {
		Fail(w, http.StatusInternalServerError, errors.New("nobody asks"))
		return
	}
	Reply(w, p)
})

func TestTheSecondBridgeSaysWhereTheFirstIs(t *testing.T) {
	dir := short(t, 0o700)
	first := Info{Started: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC), URL: "http://127.0.0.1:7878/mcp", Version: "1.2.3"}
	l := listening(t, dir, noEnv, first)
	_, err := Listen(dir, noEnv, Info{URL: "http://127.0.0.1:9/mcp"})
	var running *RunningError
	if !errors.As(err, &running) {
		t.Fatalf("%v", err)
	}
	first.PID, first.Socket = os.Getpid(), l.Path
	if diff := cmp.Diff(first, running.Info); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{strconv.Itoa(os.Getpid()), first.URL} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if err := l.SetURL(""); err != nil {
		t.Fatal(err)
	}
	if _, err = Listen(dir, noEnv, Info{}); !errors.As(err, &running) || running.Info.URL != "" || !strings.Contains(err.Error(), "not serving") {
		t.Errorf("after the URL went: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, infoName)); err != nil {
		t.Fatal(err)
	}
	if _, err = Listen(dir, noEnv, Info{}); !errors.As(err, &running) || running.Info != (Info{}) || !strings.Contains(err.Error(), "try again") {
		t.Errorf("with nothing known: %v", err)
	}
}

func TestCloseLeavesOnlyTheLockFile(t *testing.T) {
	dir, run := short(t, 0o700), short(t, 0o700)
	l := listening(t, dir, runtimeEnv(run), Info{})
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(l.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket: %v", err)
	}
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if diff := cmp.Diff([]string{lockName}, left); diff != "" {
		t.Error(diff)
	}
	if err := l.SetURL("http://127.0.0.1:1/mcp"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetURL afterwards: %v", err)
	}
	listening(t, dir, runtimeEnv(run), Info{})
}

func TestTheFilesAreClosedToOthers(t *testing.T) {
	unixOnly(t)
	dir, run := filepath.Join(short(t, 0o700), "new"), short(t, 0o700)
	l := listening(t, dir, runtimeEnv(run), Info{})
	for path, want := range map[string]os.FileMode{
		dir:                          0o700,
		filepath.Join(dir, lockName): 0o600,
		filepath.Join(dir, infoName): 0o600,
		filepath.Dir(l.Path):         0o700,
		l.Path:                       0o600,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
}

func TestOfManyThatStartOneRuns(t *testing.T) {
	dir := short(t, 0o700)
	var wg sync.WaitGroup
	got := make(chan error, 20)
	for range cap(got) {
		wg.Go(func() {
			l, err := Listen(dir, noEnv, Info{})
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			got <- err
		})
	}
	wg.Wait()
	close(got)
	runs := 0
	for err := range got {
		var running *RunningError
		switch {
		case err == nil:
			runs++
		case !errors.As(err, &running):
			t.Error(err)
		}
	}
	if runs != 1 {
		t.Errorf("%d run", runs)
	}
}

func TestAKilledBridgeIsInNobodysWay(t *testing.T) {
	dir := short(t, 0o700)
	first := start(t, self(t), "bridge", dir)
	first.expect(t, "ready")
	_, err := Listen(dir, noEnv, Info{})
	var running *RunningError
	if !errors.As(err, &running) || running.Info.PID != first.Process.Pid {
		t.Fatalf("while it runs: %v", err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // says that it was killed
	if _, err := os.Lstat(running.Info.Socket); err != nil {
		t.Fatalf("it put its socket away, so this test tests nothing: %v", err)
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a client: %v", err)
	}
	serve(t, dir, noEnv, peerHandler)
	var p Process
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, &p); err != nil || p.UID != os.Geteuid() {
		t.Errorf("the second bridge: %v, %v", p, err)
	}
}

func TestListenLeavesALiveSocketAlone(t *testing.T) {
	dir := short(t, 0o700)
	other, err := net.Listen("unix", Path(dir, noEnv)) // holds no lock, as from within a container
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if l, err := Listen(dir, noEnv, Info{}); err == nil {
		l.Close()
		t.Fatal("it took the socket of another")
	}
	if c, err := net.Dial("unix", Path(dir, noEnv)); err != nil {
		t.Errorf("the other is gone: %v", err)
	} else {
		c.Close()
	}
}
