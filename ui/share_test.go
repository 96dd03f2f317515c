package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/tunnel"
)

func TestSharingIsSwitchedOnAndOff(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	st.shows(t, "Not shared", "nobody gets in without your yes", "ngrok carries what passes, ends the encryption on its servers, and can read it")
	st.bridge.snapshot = shared()
	st.press(t, "Share on the internet")
	st.called(t, "share on", "snapshot")
	st.shows(t, "Shared on the internet", "https://postern-anna.ngrok-free.dev/mcp", "ngrok account", "Anna Berg", "Plan", "Free", "Since 12:00; ends by itself: 20:00", "1,234 of 20,000", "Claude, 7 minutes ago")
	st.press(t, "Copy address")
	if got := st.config.Fyne.Clipboard().Content(); got != "https://postern-anna.ngrok-free.dev/mcp" {
		t.Errorf("copied: %q", got)
	}
	st.bridge.snapshot = usual()
	st.press(t, "Stop sharing")
	st.called(t, "share off", "snapshot")
	st.shows(t, "Not shared")
}

// TestSharingEndsFromEveryPage with one click, and without a question.
func TestSharingEndsFromEveryPage(t *testing.T) {
	for _, state := range []tunnel.State{tunnel.Online, tunnel.Reconnecting} {
		for i := range pages {
			st := newStage(t, tunnelled(state, "", ""))
			st.bridge.snapshot = usual()
			st.window.open(i)
			st.bridge.taken()
			st.press(t, "Stop sharing")
			if got := strings.Join(st.bridge.taken(), " "); !strings.HasPrefix(got, "share off snapshot") {
				t.Errorf("%s, on the page %s: %q", state, pages[i], got)
			}
		}
	}
}

// TestConnectingIsCancelled while the bridge waits: that switches it off, and is no failure.
func TestConnectingIsCancelled(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	var held func()
	st.work.spawn = func(f func()) { held = f }
	st.press(t, "Share on the internet")
	st.shows(t, "Connecting…", "Cancel")
	on := held
	st.draw(usual()) // the snapshot lags behind
	st.shows(t, "Connecting…")
	st.draw(tunnelled(tunnel.Connecting, "ERR_NGROK_334", "the address is in use: it is tried again"))
	st.shows(t, "Connecting…", "The address is online already, from here a moment ago or from somewhere else; it is tried again. If that lasts, end the other one at dashboard.ngrok.com/agents.", "ERR_NGROK_334")
	st.press(t, "Cancel")
	held()
	on()
	st.called(t, "share off", "snapshot", "share on", "snapshot")
	st.shows(t, "Not shared")
	if seen := st.seen(); strings.Contains(seen, "did not work") {
		t.Errorf("it counts as a failure:\n%s", seen)
	}
}

func TestSharingThatFailsSaysWhatToDo(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	st.bridge.snapshot = tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken)
	st.bridge.shared = func(context.Context, string) error { return errors.New(noToken) }
	st.press(t, "Share on the internet")
	st.shows(t, "Sharing has failed", "ngrok does not know the authtoken: copy the one at", "ERR_NGROK_107", "Change account…")
	if n := strings.Count(st.seen(), "copy the one at"); n != 1 {
		t.Errorf("the page says it %d times", n)
	}
	st.window.open(viewStatus)
	st.shows(t, "Assistants elsewhere cannot reach Postern: ngrok does not know the authtoken")
	st.press(t, "Show sharing")
	st.bridge.taken()
	st.bridge.shared, st.bridge.snapshot = nil, shared()
	st.press(t, "Try again")
	st.called(t, "share on", "snapshot")
	st.shows(t, "Shared on the internet")
}

// TestSharingThatIsRefused before anything was tried is told, and the switch is there again.
func TestSharingThatIsRefused(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	st.bridge.shared = func(context.Context, string) error { return errors.New("all is locked down: lift that first") }
	st.press(t, "Share on the internet")
	st.shows(t, "Sharing on the internet did not work", "All is locked down: lift that first.", "Not shared")
	st.bridge.shared = nil
	st.press(t, "Share on the internet")
	if strings.Contains(st.seen(), "did not work") {
		t.Error("the trouble stays")
	}
	st.bridge.shared = func(context.Context, string) error { return errors.New("the bridge does not answer") }
	st.bridge.snapshot = shared()
	st.draw(shared())
	st.press(t, "Stop sharing")
	st.shows(t, "Stopping to share did not work", "The bridge does not answer.")
	st.press(t, "Stop sharing")
}

func TestTheTraySharesAndStops(t *testing.T) {
	st := newStage(t, usual())
	tray := &fakeTray{}
	st.Tray(tray)
	st.bridge.snapshot = shared()
	tray.choose(t, "Share on the internet")
	st.called(t, "share on", "snapshot")
	if st.window.shown {
		t.Error("the window opens for nothing")
	}
	st.bridge.snapshot = usual()
	tray.choose(t, "Share on the internet")
	st.called(t, "share off", "snapshot")
	st.bridge.snapshot = tunnelled(tunnel.Failed, "", noToken)
	st.bridge.shared = func(context.Context, string) error { return errors.New(noToken) }
	tray.choose(t, "Share on the internet")
	if !st.window.shown || st.window.at != viewShare {
		t.Error("nobody learns that it failed")
	}
}

func TestAnAccountIsConnected(t *testing.T) {
	const token = "2abcDEF_secret"
	st := newStage(t, fresh())
	st.window.open(viewShare)
	st.shows(t, "One step is missing", "Connect your ngrok account")
	st.press(t, "Sign up")
	st.pressNth(t, "Open ngrok", 0)
	st.pressNth(t, "Open ngrok", 1)
	if got := strings.Join(st.opened, " "); got != ngrokSignUp+" "+ngrokAuthtoken+" "+ngrokDomains {
		t.Errorf("opened: %s", got)
	}
	if !st.entryIn(t, 0).Password {
		t.Error("the authtoken is seen while it is typed")
	}
	st.press(t, "Connect account")
	st.shows(t, "Paste your authtoken first")
	st.entryIn(t, 0).SetText(" name.ngrok-free.dev ")
	st.entryIn(t, 1).SetText(token) // the wrong way round
	st.press(t, "Connect account")
	st.shows(t, "That is not a domain.")
	st.focuses(t, st.entryIn(t, 1))
	st.entryIn(t, 0).SetText("the token is " + token)
	st.entryIn(t, 1).SetText("Anna.ngrok-free.dev")
	st.press(t, "Connect account")
	st.shows(t, "That is no authtoken.")
	st.focuses(t, st.entryIn(t, 0))
	st.called(t)
	st.bridge.err = fmt.Errorf("the vault refuses %s", token)
	st.entryIn(t, 0).SetText(token + "\n")
	st.entryIn(t, 1).SetText(" Anna.ngrok-free.dev")
	st.draw(fresh())
	st.press(t, "Connect account")
	st.called(t, "tunnel login "+token+" Anna.ngrok-free.dev")
	st.shows(t, "The vault refuses ….")
	st.focuses(t, st.entryIn(t, 0))
	if strings.Contains(st.seen(), token) {
		t.Error("an error shows the authtoken")
	}
	st.bridge.err = nil
	field := st.entryIn(t, 0)
	st.bridge.snapshot = usual()
	st.window.Resize(fyne.NewSize(700, 400))
	st.scrollDown()
	st.entryIn(t, 1).OnSubmitted("") // Enter
	st.called(t, "tunnel login "+token+" Anna.ngrok-free.dev", "snapshot")
	st.shows(t, "Account connected.")
	st.focuses(t, st.window.share.switchOf)
	if at := st.window.turned().Offset.Y; at != 0 {
		t.Errorf("the page stays at %v", at)
	}
	if strings.Contains(st.seen(), "Connect your ngrok account") || field.Text != "" {
		t.Errorf("the form stays, with %q", field.Text)
	}
	st.shows(t, "Share on the internet")
	st.window.open(viewStatus)
	st.window.open(viewShare)
	st.hides(t, "Account connected.")
}

// TestACorrectedAccountLeadsOn from a failure, also if the bridge clears that a moment later.
func TestACorrectedAccountLeadsOn(t *testing.T) {
	st := newStage(t, tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken))
	st.window.open(viewShare)
	st.press(t, "Change account…")
	st.entryIn(t, 0).SetText("2abc")
	st.entryIn(t, 1).OnSubmitted("")
	st.called(t, "tunnel login 2abc postern-anna.ngrok-free.dev", "snapshot")
	st.draw(usual())
	st.shows(t, "Account connected.", "Not shared")
	st.focuses(t, st.window.share.switchOf)
	st.bridge.snapshot = shared()
	st.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	st.called(t, "share on", "snapshot")
	st.draw(usual())
	st.hides(t, "Account connected.") // nor when that has ended
}

func TestAnotherAccountTakesTheSameForm(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	st.window.Resize(fyne.NewSize(700, 400))
	st.scrollDown() // to where the button is
	st.press(t, "Change account…")
	scroll := st.window.turned()
	if at := st.window.share.account.box.Position().Y; scroll.Offset.Y > at || scroll.Offset.Y < at-50 {
		t.Errorf("the form is at %v, and the page at %v", at, scroll.Offset.Y)
	}
	st.shows(t, "all clients from outside must then connect anew")
	if f := st.window.Canvas().Focused(); f != fyne.Focusable(st.entryIn(t, 0)) {
		t.Errorf("the focus is on %v", f)
	}
	token, domain := st.entryIn(t, 0), st.entryIn(t, 1)
	if token.Text != "" || domain.Text != "postern-anna.ngrok-free.dev" {
		t.Errorf("the form holds %q and %q", token.Text, domain.Text)
	}
	token.SetText("2abc")
	st.press(t, "Cancel")
	st.called(t)
	st.press(t, "Change account…")
	if got := st.entryIn(t, 0).Text; got != "" || token.Text != "" {
		t.Errorf("what was typed is still there: %q, %q", got, token.Text)
	}
	st.entryIn(t, 0).SetText("2abc")
	st.press(t, "Connect account")
	st.called(t, "tunnel login 2abc postern-anna.ngrok-free.dev", "snapshot")
	st.draw(shared())
	for _, label := range []string{"Change account…", "Connect account"} {
		if strings.Contains(st.seen(), label) {
			t.Errorf("%q is offered while it is shared", label)
		}
	}
}

// TestAProxyOfTheOwners is chosen and described by settings.
func TestAProxyOfTheOwners(t *testing.T) {
	st := newStage(t, fresh())
	st.window.open(viewShare)
	p := st.window.share.provider
	selectOf(t, p.fields["tunnel.provider"].box).SetSelected("Through a proxy of your own")
	st.called(t, `set tunnel.provider to "own-url"`)
	st.draw(owned(""))
	st.shows(t, "Enter below the address", "Tailscale Funnel", "cloudflared", "caddy reverse-proxy --from postern.example.com --to 127.0.0.1:7879", "ssh -N -R")
	if strings.Contains(st.seen(), "Connect your ngrok account") {
		t.Error("the form for ngrok stays")
	}
	e := entryOf(t, p.fields["tunnel.url"].box)
	st.bridge.err = errors.New("want https and a host")
	e.SetText("postern")
	e.OnSubmitted("postern")
	st.shows(t, "Want https and a host.")
	st.bridge.err = nil
	e.SetText("https://postern.example.com")
	st.press(t, "Save")
	st.bridge.taken()
	st.draw(owned("https://postern.example.com"))
	st.shows(t, "https://postern.example.com/mcp", "What passes goes through your proxy")
	st.press(t, "Share on the internet")
	st.called(t, "share on", "snapshot")
}

// TestSharingByKeyboard: Tab leads to the switch and out again, and Enter is enough for it.
func TestSharingByKeyboard(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	st.bridge.snapshot = shared()
	st.walkTo(t, "Share on the internet").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	st.called(t, "share on", "snapshot")
	st.bridge.snapshot = usual()
	st.walkTo(t, "Stop sharing").TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnter})
	st.called(t, "share off", "snapshot")
}

// walkTo presses Tab until the focus is on the button of that label.
func (st *stage) walkTo(t *testing.T, label string) fyne.Focusable {
	t.Helper()
	c := st.window.Canvas()
	for range 60 {
		c.FocusNext()
		if b, ok := c.Focused().(*button); ok && b.Text == label {
			return b
		}
	}
	t.Fatalf("Tab does not lead to %q", label)
	return nil
}

// TestTheFormByKeyboard: Enter goes on to the next field, and then keeps what was typed.
func TestTheFormByKeyboard(t *testing.T) {
	st := newStage(t, fresh())
	st.window.open(viewShare)
	c := st.window.Canvas()
	c.Focus(st.entryIn(t, 0))
	test.Type(c.Focused(), "2abc")
	c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	test.Type(c.Focused(), "anna.ngrok-free.dev")
	c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	st.called(t, "tunnel login 2abc anna.ngrok-free.dev", "snapshot")
}

func TestTheGuideNamesTheAddress(t *testing.T) {
	st := newStage(t, shared())
	st.window.open(viewShare)
	var pick *widget.Select
	each(st.window.share.guide.box, func(o fyne.CanvasObject) {
		if s, ok := o.(*widget.Select); ok {
			pick = s
		}
	})
	for _, one := range pick.Options {
		pick.SetSelected(one)
		seen := guideText(st)
		for _, want := range []string{"https://postern-anna.ngrok-free.dev/mcp", "Postern asks you here which one it is", "Visit Site"} {
			if one != "Gemini CLI" && !strings.Contains(seen, want) || !strings.Contains(seen, "postern-anna") {
				t.Errorf("%s: %q is not in\n%s", one, want, seen)
			}
		}
	}
	paid := shared()
	paid.Tunnel.Plan = "Hobbyist"
	for _, s := range []desk.Snapshot{owned("https://postern.example.com"), paid} {
		st.draw(s)
		if strings.Contains(guideText(st), "Visit Site") {
			t.Errorf("a page of ngrok's is foretold: %+v", s.Tunnel)
		}
	}
}

func guideText(st *stage) string {
	var all []string
	each(st.window.share.guide.rows.box, func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			all = append(all, l.Text)
		}
	})
	return strings.Join(all, "\n")
}

func TestSharingIsInTheActivity(t *testing.T) {
	for event, want := range map[activity.Event]string{activity.Shared: "shared on the internet", activity.Unshared: "sharing ended"} {
		r := recordOf(activity.Entry{At: now, Event: event, Outcome: activity.OK}, now)
		if r.Who != "You" && event == activity.Shared || r.What != want {
			t.Errorf("%s: %q %q", event, r.Who, r.What)
		}
	}
}

// TestOnlyTheLimitWarns when most of a month is used up.
func TestOnlyTheLimitWarns(t *testing.T) {
	for requests, bad := range map[int]bool{15_999: false, 16_000: true} {
		if got := requestsOf(desk.Tunnel{Requests: requests, Limit: 20_000}); strings.Contains(got, "used up") != bad {
			t.Errorf("%d: %s", requests, got)
		}
	}
}

// TestAResetKeepsTheAddress: clients know Postern by it.
func TestAResetKeepsTheAddress(t *testing.T) {
	s := owned("https://postern.example.com")
	set(&s, "tunnel.behind", "127.0.0.1:9000")
	set(&s, "tunnel.off_after", "1h")
	st := newStage(t, s)
	st.window.open(viewSettings)
	st.press(t, "Reset all…")
	st.shows(t, "1 setting goes back")
	st.press(t, "Reset")
	st.called(t, `set tunnel.off_after to "8h"`)
}
