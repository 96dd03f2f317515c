package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/tunnel"
)

// drawn is a menu as it is read: disabled in brackets, a check mark before what is checked.
func drawn(all []entry) string {
	var lines []string
	for _, e := range all {
		l := e.Label
		switch {
		case e.Separator:
			l = "---"
		case e.Disabled:
			l = "[" + l + "]"
		case e.Checked:
			l = "✓ " + l
		}
		if e.Sub != nil {
			l += " > " + strings.ReplaceAll(drawn(e.Sub), "\n", " / ")
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

func TestMenu(t *testing.T) {
	with := func(s desk.Snapshot, change func(*desk.Snapshot)) desk.Snapshot {
		change(&s)
		return s
	}
	quiet := []approval.Request{{ID: "q", Kind: approval.Connect, Offer: &approval.Offer{Quiet: true}}}
	for _, c := range []struct {
		name  string
		s     desk.Snapshot
		state State
		menu  string
	}{
		{"just installed", fresh(), Idle, `[Ready · no clients yet]
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"a profile must sign in again", usual(), Trouble, `[home must sign in again]
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / home (anna@example.com) / --- / Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"shared", shared(), Shared, `[Shared on the internet · 2 clients]
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / --- / Add profile…
✓ Share on the internet
Copy public address
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"two wait", asked(), Waiting, `[Ready · 2 clients]
Review 2 requests…
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / home (anna@example.com) / --- / Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"one waits quietly", with(fresh(), func(s *desk.Snapshot) { s.Waiting = quiet }), Idle, `[Ready · no clients yet]
Review 1 request…
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"paused", with(shared(), func(s *desk.Snapshot) { s.Paused = true; s.Public = ""; s.Local = ""; s.Tunnel = usual().Tunnel }), Idle, `[Paused]
---
Open Postern
Profiles > ✓ work (anna@work.example) / --- / Add profile…
Share on the internet
✓ Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"locked down", with(fresh(), func(s *desk.Snapshot) { s.LockedDown = true }), Trouble, `[Locked down]
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Lift the lockdown…
---
Settings…
Quit Postern`},
		{"not looked at yet", desk.Snapshot{}, Idle, `[Starting…]
---
Open Postern
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"the passphrase is asked for", desk.Snapshot{Vault: desk.Vault{Asked: true}}, Waiting, `[Waiting for your passphrase]
---
Open Postern
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"and was not given", desk.Snapshot{Vault: desk.Vault{Refused: true, Trouble: "nobody gave it"}}, Trouble, `[The vault is locked]
---
Open Postern
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"the tunnel failed", with(fresh(), func(s *desk.Snapshot) { s.Tunnel.State, s.Tunnel.Detail = tunnel.Failed, "ngrok says no" }), Trouble, `[Not shared, though it should be]
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"connecting", tunnelled(tunnel.Connecting, "", ""), Idle, `[Connecting to the internet…]
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / --- / Add profile…
✓ Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"reconnecting", tunnelled(tunnel.Reconnecting, "", "ngrok is away"), Shared, `[Shared, but connecting again…]
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / --- / Add profile…
✓ Share on the internet
Copy public address
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"shared, but not reached", with(shared(), func(s *desk.Snapshot) { s.Tunnel.Check.What = desk.Silent }), Trouble, `[Shared, but perhaps not reached]
---
Open Postern
Copy local address
Profiles > ✓ work (anna@work.example) / --- / Add profile…
✓ Share on the internet
Copy public address
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"off, but it still answers", with(fresh(), func(s *desk.Snapshot) { s.Tunnel.Check.What = desk.Alive }), Trouble, `[Not shared, but its address still answers]
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
		{"trouble with a hostile text", with(fresh(), func(s *desk.Snapshot) { s.Trouble = bidi + long }), Trouble, `[Something does not work]
---
Open Postern
Copy local address
Profiles > Add profile…
Share on the internet
Pause all access
Lock down…
---
Settings…
Quit Postern`},
	} {
		if got := drawn(menu(c.s)); got != c.menu {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.menu)
		}
		if got := state(c.s); got != c.state {
			t.Errorf("%s: the icon tells %v, want %v", c.name, got, c.state)
		}
	}
}

// fakeTray counts what is drawn into it.
type fakeTray struct {
	menus []*fyne.Menu
	icons []string
}

func (f *fakeTray) SetSystemTrayMenu(m *fyne.Menu)    { f.menus = append(f.menus, m) }
func (f *fakeTray) SetSystemTrayIcon(r fyne.Resource) { f.icons = append(f.icons, r.Name()) }
func (f *fakeTray) SetSystemTrayWindow(fyne.Window)   {}

// choose clicks the entry of that label.
func (f *fakeTray) choose(t *testing.T, label string) {
	t.Helper()
	var look func(all []*fyne.MenuItem) bool
	look = func(all []*fyne.MenuItem) bool {
		for _, i := range all {
			if i.Label == label && i.ChildMenu == nil {
				i.Action()
				return true
			}
			if i.ChildMenu != nil && look(i.ChildMenu.Items) {
				return true
			}
		}
		return false
	}
	if !look(f.menus[len(f.menus)-1].Items) {
		t.Fatalf("the menu has no %q", label)
	}
}

func TestTheMenuIsDrawnOnlyWhenItChanges(t *testing.T) {
	st := newStage(t, shared())
	tray := &fakeTray{}
	st.Tray(tray)
	s := shared()
	s.At = s.At.Add(time.Minute)
	s.Recent[0].Seq++ // nothing that the menu shows
	st.draw(s)
	if len(tray.menus) != 1 || len(tray.icons) != 2 {
		t.Errorf("drawn %d menus and icons %q", len(tray.menus), tray.icons)
	}
	st.draw(asked())
	if len(tray.menus) != 2 || tray.icons[2] != theme.QuestionIcon().Name() {
		t.Errorf("drawn %d menus and icons %q", len(tray.menus), tray.icons)
	}
	last := tray.menus[1].Items[len(tray.menus[1].Items)-1]
	if !last.IsQuit || last.Label != "Quit Postern" {
		t.Errorf("Fyne adds its own way to quit after %q", last.Label)
	}
}

func TestTheMenuDoesWhatItSays(t *testing.T) {
	st := newStage(t, asked())
	tray := &fakeTray{}
	st.Tray(tray)
	tray.choose(t, "Review 2 requests…")
	if len(st.questions.reviewed) != 2 {
		t.Error("nothing is reviewed")
	}
	tray.choose(t, "Copy local address")
	if got := st.config.Fyne.Clipboard().Content(); got != "http://127.0.0.1:7878/mcp" {
		t.Errorf("copied: %q", got)
	}
	tray.choose(t, "home (anna@example.com)")
	tray.choose(t, "Pause all access")
	st.called(t, "use home", "pause")
	if st.window.shown {
		t.Error("the window opens for nothing")
	}
	st.draw(fresh()) // where something must be done before it can be shared
	for label, at := range map[string]int{"Share on the internet": viewShare, "Settings…": viewSettings} {
		tray.choose(t, label)
		if st.window.at != at || !st.window.shown {
			t.Errorf("%s leads to page %d", label, st.window.at)
		}
	}
	tray.choose(t, "Lock down…")
	st.press(t, "Lock down")
	st.bridge.mu.Lock()
	locked := slices.Contains(st.bridge.calls, "lockdown")
	st.bridge.mu.Unlock()
	if !locked {
		t.Error("nothing is locked down")
	}
	tray.choose(t, "Quit Postern")
	if !st.quitted || !st.questions.closed || st.work.ctx.Err() == nil {
		t.Error("something goes on after quitting")
	}
}

// TestTheWindowIsMadeWhenItIsWanted: an app that waits in the tray has none, and draws into none.
func TestTheWindowIsMadeWhenItIsWanted(t *testing.T) {
	st := newStage(t, fresh())
	st.window = nil // which the stage has made
	tray := &fakeTray{}
	st.Tray(tray)
	st.draw(usual())
	tray.choose(t, "Copy local address")
	if st.window != nil {
		t.Fatal("there is a window already")
	}
	tray.choose(t, "Open Postern")
	if st.window == nil || !st.window.shown {
		t.Fatal("no window comes")
	}
	t.Cleanup(st.window.Close)
	st.shows(t, "http://127.0.0.1:7878/mcp") // as it stands, though that was drawn before
}

// TestTheMenuAsksOnce: who clicks twice has one question to answer, not one below the other.
func TestTheMenuAsksOnce(t *testing.T) {
	for _, label := range []string{"Lock down…", "Add profile…", "Lift the lockdown…"} {
		s := asked()
		s.LockedDown = strings.HasPrefix(label, "Lift")
		st := newStage(t, s)
		tray := &fakeTray{}
		st.Tray(tray)
		for range 3 {
			tray.choose(t, label)
		}
		if st.window.Canvas().Overlays().Top() == nil {
			t.Errorf("%s asks nothing", label)
			continue
		}
		st.press(t, "Cancel")
		if st.window.Canvas().Overlays().Top() != nil {
			t.Errorf("%s, clicked three times, asks again after the answer", label)
		}
		tray.choose(t, label)
		if st.window.Canvas().Overlays().Top() == nil {
			t.Errorf("%s is not asked a second time", label)
		}
	}
}

func TestTheLoopDrawsWhatChanges(t *testing.T) {
	st := newStage(t, fresh())
	drawn, asked := make(chan desk.Snapshot, 10), 0
	st.config.Every = time.Hour
	st.config.Seen = func(s desk.Snapshot) { drawn <- s }
	st.do = func(f func()) { asked++ } // the UI thread is not this goroutine's
	st.bridge.snapshot = usual()
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { st.Run(ctx); close(over) }()
	if s := <-drawn; len(s.Profiles) != 2 {
		t.Errorf("seen: %+v", s)
	}
	st.bridge.mu.Lock()
	st.bridge.err = errors.New("the store is locked")
	st.bridge.mu.Unlock()
	close(st.bridge.changed)
	if s := <-drawn; s.Trouble != "The store is locked." || len(s.Profiles) != 2 {
		t.Errorf("when it cannot be read: %q", s.Trouble)
	}
	stop()
	<-over
	if asked < 2 {
		t.Errorf("drawn %d times", asked)
	}
}

func TestHostileTextsAreShownClean(t *testing.T) {
	st := newStage(t, hostile())
	st.bridge.entries = hostile().Recent
	for i := range st.window.views {
		st.window.open(i)
		for _, l := range strings.Split(st.seen(), "\n") {
			if n := len([]rune(l)); n > longestText+100 {
				t.Errorf("page %d shows a text of %d characters", i, n)
			}
			for _, r := range l {
				if r < ' ' || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Errorf("page %d shows U+%04X in %q", i, r, l)
				}
			}
		}
	}
	for _, l := range strings.Split(drawn(menu(hostile())), "\n") {
		if len([]rune(l)) > 200 || strings.ContainsAny(l, "\u202e\x1b") {
			t.Errorf("the menu shows %q", l)
		}
	}
	st.window.open(viewClients)
	st.shows(t, "Send "+shell, fmt.Sprintf("“%s”", plain(shell, longestName)))
}
