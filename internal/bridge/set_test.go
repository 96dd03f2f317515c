package bridge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// freePort is a port that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// TestThePortOfTheSettings is where clients are served if the start does not say.
func TestThePortOfTheSettings(t *testing.T) {
	b := openAt(t, Config{Demo: true, Getenv: noVault})
	port := freePort(t)
	if err := b.SetSetting(t.Context(), "http.port", port); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- b.Serve(ctx, Addresses{}, "1", func(local, _ string) { served <- local }) }()
	select {
	case local := <-served:
		if local != "http://127.0.0.1:"+port+"/mcp" {
			t.Errorf("served at %s, want port %s", local, port)
		}
	case err := <-ended:
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestMoved tells of another port alone, also of one that another process has set.
func TestMoved(t *testing.T) {
	dir := t.TempDir()
	b, other := attend(t, Config{Dir: dir}), openAt(t, Config{Dir: dir})
	from, err := b.LocalAddress(t.Context())
	if err != nil || from != "127.0.0.1:7878" {
		t.Fatalf("%s, %v", from, err)
	}
	moved := make(chan struct{})
	go func() {
		if err := b.Moved(t.Context(), from); err != nil {
			t.Error(err)
		}
		close(moved)
	}()
	if err := b.SetSetting(t.Context(), "tier", "complete"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-moved:
		t.Error("another setting moves it")
	default:
	}
	if err := other.SetSetting(t.Context(), "http.port", "7900"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, moved, "the news of another port")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Moved(ctx, "127.0.0.1:7900"); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing moves: %v", err)
	}
}

// TestSettingsWorkAtOnce, in a bridge that is open: the level of the log, and the exchange folder of a runner.
func TestSettingsWorkAtOnce(t *testing.T) {
	var log bytes.Buffer
	b := openAt(t, Config{Log: &log})
	runner, err := b.Runner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Log.Debug("before")
	folder := filepath.Join(t.TempDir(), "elsewhere")
	for name, value := range map[string]string{"log.level": "debug", "exchange.folder": folder} {
		if err := b.SetSetting(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	b.Log.Debug("after")
	if got := log.String(); strings.Contains(got, "before") || !strings.Contains(got, "after") {
		t.Errorf("the log: %q", got)
	}
	put, err := runner.Files.Put(t.Context(), "x", "a.txt", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "a.txt")); err != nil {
		t.Error(err)
	}
	_, r, err := runner.Files.Open(t.Context(), "x", false, put.Handle)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}
