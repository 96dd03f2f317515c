package bridge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/auth"
	"postern/internal/approval"
	"postern/internal/control"
)

// attend is a bridge that answers other processes, as the desktop app does.
func attend(t *testing.T, c Config) *Bridge {
	t.Helper()
	b := openAt(t, c)
	ctx, end := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- b.Attend(ctx, "1", func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("attending ended with %v", err)
		}
	})
	return b
}

func TestTheDesktopIsAFaceThatOthersKnowOf(t *testing.T) {
	dir := t.TempDir()
	app := attend(t, Config{Dir: dir})
	other := openAt(t, Config{Dir: dir})
	running := func() Running {
		t.Helper()
		r, err := other.Running(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := running(); r.Desktop || r.Faces != 0 || r.Local != "" || r.PID == 0 {
		t.Errorf("without one: %+v", r)
	}
	remove := app.AddDesktopFace()
	if r := running(); !r.Desktop || r.Faces != 1 {
		t.Errorf("with one: %+v", r)
	}
	remove()
	remove() // of no effect
	if r := running(); r.Desktop || r.Faces != 0 {
		t.Errorf("when it has gone: %+v", r)
	}
}

// TestServingComesAndGoes under one control socket: the app goes on, and is the only one, all the time.
func TestServingComesAndGoes(t *testing.T) {
	dir := t.TempDir()
	app := attend(t, Config{Dir: dir, Demo: true, Getenv: noVault})
	second := openAt(t, Config{Dir: dir, Demo: true, Getenv: noVault})
	for range 2 {
		ctx, end := context.WithCancel(t.Context())
		ready, ended := make(chan string, 1), make(chan error, 1)
		go func() {
			ended <- app.Serve(ctx, Addresses{Local: "127.0.0.1:0"}, "1", func(local, _ string) { ready <- local })
		}()
		local := <-ready
		if r, err := second.Running(t.Context()); err != nil || r.Local != local {
			t.Errorf("it serves %s: %+v, %v", local, r, err)
		}
		end()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if r, err := second.Running(t.Context()); err != nil || r.Local != "" {
			t.Errorf("it serves no more: %+v, %v", r, err)
		}
	}
	var running *control.RunningError
	if err := second.Attend(t.Context(), "1", func() { t.Error("there are two") }); !errors.As(err, &running) {
		t.Errorf("a second one: %v", err)
	}
	if err := second.Serve(t.Context(), Addresses{Local: "127.0.0.1:0"}, "1", func(string, string) { t.Error("there are two") }); !errors.As(err, &running) {
		t.Errorf("a second one: %v", err)
	}
}

// TestTheSecondStartShowsTheFirst, or says why it cannot.
func TestTheSecondStartShowsTheFirst(t *testing.T) {
	dir := t.TempDir()
	second := openAt(t, Config{Dir: dir})
	if err := second.ShowRunning(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("without a first: %v", err)
	}
	first := serveWith(t, Config{Dir: dir, Getenv: noVault}) // as "postern serve" does
	if err := second.ShowRunning(t.Context()); !errors.Is(err, ErrNoWindow) {
		t.Errorf("the first has no window: %v", err)
	}
	shown := make(chan struct{}, 1)
	first.OnShow(func() { shown <- struct{}{} })
	if err := second.ShowRunning(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, shown, "the window")
	first.OnShow(nil)
	if err := second.ShowRunning(t.Context()); !errors.Is(err, ErrNoWindow) {
		t.Errorf("the window has gone: %v", err)
	}
	if err := second.control().Do(t.Context(), http.MethodGet, "/show", nil, nil); err == nil {
		t.Error("a GET shows it")
	}
}

// TestAWindowThatIsJustBeingMade is waited for by a second start that comes early.
func TestAWindowThatIsJustBeingMade(t *testing.T) {
	dir := t.TempDir()
	app := attend(t, Config{Dir: dir})
	second := openAt(t, Config{Dir: dir})
	told := make(chan error, 1)
	go func() { told <- second.ShowRunning(t.Context()) }()
	select {
	case err := <-told:
		t.Fatalf("it does not wait: %v", err)
	case <-time.After(100 * time.Millisecond): // only to give a wrong answer time; a late start passes, too
	}
	shown := make(chan struct{}, 1)
	app.OnShow(func() { shown <- struct{}{} })
	waitFor(t, shown, "the window")
	if err := <-told; err != nil {
		t.Error(err)
	}
	app.OnShow(nil)
	if err := second.ShowRunning(t.Context()); err == nil || errors.Is(err, ErrNoWindow) || !strings.Contains(err.Error(), "try again") {
		t.Errorf("while it ends: %v", err)
	}
}

// TestChangesRing, here and by another process, so that the windows are drawn anew.
func TestChangesRing(t *testing.T) {
	for what, change := range map[string]func(context.Context, *Bridge) error{
		"a setting": func(ctx context.Context, b *Bridge) error { return b.SetSetting(ctx, "tier", "core") },
		"a profile": func(ctx context.Context, b *Bridge) error {
			return b.Profiles.Index.SaveProfile(ctx, auth.Profile{ID: "2", Name: "home"})
		},
		"a profile's name": func(ctx context.Context, b *Bridge) error { return b.RenameProfile(ctx, "work", "office") },
		"a profile's state": func(ctx context.Context, b *Bridge) error {
			return b.Profiles.Index.SetProfileState(ctx, "1", auth.SignInAgain, "x", time.Now())
		},
		"the default profile": func(ctx context.Context, b *Bridge) error { return b.UseProfile(ctx, "work") },
		"a removed profile":   func(ctx context.Context, b *Bridge) error { return b.Profiles.Index.RemoveProfile(ctx, "1") },
		"a client": func(ctx context.Context, b *Bridge) error {
			_, err := b.AddClient(ctx, "x", []string{"http://127.0.0.1/cb"}, false)
			return err
		},
		"the pairing window": func(ctx context.Context, b *Bridge) error { _, err := b.OpenPairing(ctx); return err },
		"its end":            func(ctx context.Context, b *Bridge) error { return b.ClosePairing(ctx) },
		"a pause":            func(_ context.Context, b *Bridge) error { return b.Pause() },
		"an OAuth client": func(ctx context.Context, b *Bridge) error {
			_, _, err := b.ImportGoogleClient(ctx, []byte(clientJSON))
			return err
		},
		"the cleared activity": func(ctx context.Context, b *Bridge) error { return b.ClearActivity(ctx) },
		"a question": func(ctx context.Context, b *Bridge) error {
			_, err := b.Queue.Ask(ctx, approval.Request{Kind: approval.Action, ClientKey: "x"})
			return err
		},
	} {
		for _, by := range []string{"this process", "another process"} {
			dir := t.TempDir()
			app := attend(t, Config{Dir: dir})
			if err := app.Store.SaveProfile(t.Context(), auth.Profile{ID: "1", Name: "work", Kind: auth.ServiceAccount}); err != nil {
				t.Fatal(err)
			}
			b := app
			if by == "another process" {
				b = openAt(t, Config{Dir: dir})
			}
			new(shelf).put(app, b)
			changed := app.Changed()
			if err := change(t.Context(), b); err != nil {
				t.Fatalf("%s of %s: %v", what, by, err)
			}
			waitFor(t, changed, what+" of "+by)
		}
	}
}

// TestTheLastNewsIsHeard of a process that ends at once.
func TestTheLastNewsIsHeard(t *testing.T) {
	dir := t.TempDir()
	app := attend(t, Config{Dir: dir})
	other, err := Open(t.Context(), Config{Dir: dir, Getenv: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	changed := app.Changed()
	if err := other.SetSetting(t.Context(), "tier", "complete"); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("it ended before it was heard")
	}
}
