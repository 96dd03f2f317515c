package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
)

// hides holds the window to texts that it does not show.
func (st *stage) hides(t *testing.T, texts ...string) {
	t.Helper()
	seen := st.seen()
	for _, one := range texts {
		if strings.Contains(seen, one) {
			t.Errorf("%q is seen in\n%s", one, seen)
		}
	}
}

// focuses holds the focus to an object.
func (st *stage) focuses(t *testing.T, want fyne.Focusable) {
	t.Helper()
	if f := st.window.Canvas().Focused(); f != want {
		t.Errorf("the focus is on %v, want %v", f, want)
	}
}

// mains are the labels of the buttons that stand out.
func mains(o fyne.CanvasObject) []string {
	var all []string
	each(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && b.Importance == widget.HighImportance {
			all = append(all, b.Text)
		}
	})
	return all
}

// TestTheLikeliestWayOutStandsOut: what cannot work is not it.
func TestTheLikeliestWayOutStandsOut(t *testing.T) {
	const again, other = "Try again", "Change account…"
	for name, one := range map[string]struct {
		of   desk.Tunnel
		want string
	}{
		"a token that is none":     {desk.Tunnel{Code: "ERR_NGROK_105"}, other},
		"a token that is revoked":  {desk.Tunnel{Code: "ERR_NGROK_106"}, other},
		"a token nobody knows":     {desk.Tunnel{Code: "ERR_NGROK_107"}, other},
		"a domain of another":      {desk.Tunnel{Code: "ERR_NGROK_308"}, other},
		"a domain not allowed":     {desk.Tunnel{Code: "ERR_NGROK_313"}, other},
		"a token for another":      {desk.Tunnel{Code: "ERR_NGROK_316"}, other},
		"no account":               {desk.Tunnel{Code: "ERR_NGROK_4018"}, other},
		"a domain not there":       {desk.Tunnel{Code: "ERR_NGROK_15013"}, other},
		"nothing in the vault":     {desk.Tunnel{Reason: tunnel.NoAccount}, other},
		"another address":          {desk.Tunnel{Reason: tunnel.OtherAddress}, other},
		"too many agents":          {desk.Tunnel{Code: "ERR_NGROK_108"}, again},
		"a code nobody knows":      {desk.Tunnel{Code: "107"}, again},
		"a code beside the reason": {desk.Tunnel{Code: "ERR_NGROK_108", Reason: tunnel.NoAccount}, again},
		"stopped":                  {desk.Tunnel{Reason: tunnel.Stopped}, again},
		"another way":              {desk.Tunnel{Provider: settings.OwnURL, Reason: tunnel.OtherAddress}, again},
	} {
		t.Run(name, func(t *testing.T) {
			s := tunnelled(tunnel.Failed, one.of.Code, noToken)
			s.Tunnel.Reason = one.of.Reason
			if one.of.Provider != "" {
				s.Tunnel.Provider = one.of.Provider
			}
			st := newStage(t, s)
			st.window.open(viewShare)
			if got := mains(st.window.share.head.box); !slices.Equal(got, []string{one.want}) {
				t.Errorf("%q stand out, want %q", got, one.want)
			}
			st.shows(t, again, "Leave it off")
		})
	}
}

// TestLockedDownIsAStateOfItsOwn, with one way out of it.
func TestLockedDownIsAStateOfItsOwn(t *testing.T) {
	const lift = "To share again, lift the lockdown first."
	s := lockedDown()
	s.Tunnel.Check.What = desk.Dead
	st := newStage(t, s)
	st.window.open(viewShare)
	st.shows(t, "Locked down", lift)
	st.hides(t, "Not shared", "Share on the internet", "Let new clients ask", "Make a pairing code", "Connect an assistant")
	if n := strings.Count(st.seen(), "Lift…"); n != 1 {
		t.Errorf("there are %d ways to lift it", n)
	}
	st.press(t, "Lift…")
	st.press(t, "Lift the lockdown")
	st.called(t, "lift")
	st.window.open(viewClients)
	st.hides(t, "Let new clients ask", "Make a pairing code")
	st.shows(t, "Locked down: nothing has access")

	s.Tunnel = fresh().Tunnel // it has no account either
	st.draw(s)
	st.window.open(viewShare)
	st.shows(t, lift)
	st.hides(t, "Connect your ngrok account")
	failed := tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken)
	failed.LockedDown = true
	st.draw(failed)
	st.shows(t, lift)
	st.hides(t, "Try again")

	on := shared() // it is not ended yet
	on.LockedDown = true
	st.draw(on)
	st.shows(t, "Shared on the internet", "Stop sharing", "Locked down: nothing has access")
}

// TestTheTrayLeadsToTheLockdown: to share does not work then, and the page says why.
func TestTheTrayLeadsToTheLockdown(t *testing.T) {
	st := newStage(t, lockedDown())
	tray := &fakeTray{}
	st.Tray(tray)
	tray.choose(t, "Share on the internet")
	st.called(t)
	if !st.window.shown || st.window.at != viewShare {
		t.Error("nobody learns why it is not shared")
	}
}

// TestReconnectingSaysWhatItMeans, and the cause apart; no page claims that it is reached.
func TestReconnectingSaysWhatItMeans(t *testing.T) {
	s := tunnelled(tunnel.Reconnecting, "", "it broke")
	s.Tunnel.Reason = tunnel.Broken
	st := newStage(t, s)
	st.hides(t, "reach Postern from anywhere")
	st.shows(t, "The connection broke; connecting again. Until then, assistants elsewhere get no answer.", "Stop sharing")
	st.window.open(viewShare)
	st.shows(t, "Until then, assistants elsewhere get no answer. The address stays the same.", "Cause", "The connection to ngrok stood still, and is made anew.", s.Public)
	if n := strings.Count(st.seen(), "Until then, assistants"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

// TestAnAddressThatIsNotReached is not called shared as if it were.
func TestAnAddressThatIsNotReached(t *testing.T) {
	own := owned("https://postern.example.com")
	set(&own, "tunnel.behind", "127.0.0.1:9000")
	own.Public = "https://postern.example.com/mcp"
	own.Tunnel = desk.Tunnel{Provider: settings.OwnURL, State: tunnel.Online, URL: own.Public, Check: desk.Found{What: desk.Silent}}
	ngrok := shared()
	ngrok.Tunnel.Check.What = desk.Stranger
	for name, c := range map[string]struct {
		of    desk.Snapshot
		finds string
	}{
		settings.OwnURL: {own, "The address does not answer."},
		settings.Ngrok:  {ngrok, "Something answers at the address, but it is not Postern."},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, c.of)
			st.hides(t, "reach Postern from anywhere")
			st.window.open(viewShare)
			st.shows(t, "Shared, but perhaps not reached", c.finds+" Postern tries it again by itself.", c.of.Public, "Stop sharing")
			st.hides(t, "Assistants elsewhere reach Postern at this address", "Test from outside")
			c.of.Tunnel.Check.What = desk.Answers
			st.draw(c.of)
			st.shows(t, "Assistants elsewhere reach Postern at this address", "Test from outside", "It answers as it should.")
		})
	}
	st := newStage(t, own)
	st.window.open(viewShare)
	st.shows(t, "It must send to 127.0.0.1:9000, and keep the name of the host.")
	st.draw(shared())
	st.hides(t, "It must send to")
}

// TestThatItIsDeadIsTold where nothing is shared, and nowhere else.
func TestThatItIsDeadIsTold(t *testing.T) {
	s := usual()
	s.Tunnel.Check.What = desk.Dead
	st := newStage(t, s)
	st.window.open(viewShare)
	st.shows(t, "Nobody answers there any more, as it should be.")
	for _, state := range []tunnel.State{tunnel.Failed, tunnel.Connecting} {
		s := tunnelled(state, "", "it broke")
		s.Tunnel.Check.What = desk.Dead
		st.draw(s)
		st.hides(t, "Nobody answers there", "Test from outside")
	}
}

// TestWhatComesNextStandsFirst: who may ask, and the guide, are above what is only of interest.
func TestWhatComesNextStandsFirst(t *testing.T) {
	s := shared()
	s.Tunnel.Requests = 17_950
	st := newStage(t, s)
	st.window.open(viewShare)
	var seen []string
	each(st.window.turned().Content, func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			seen = append(seen, l.Text)
		}
	})
	at := -1
	for _, one := range []string{"Shared on the internet", "This month", "New clients from the internet cannot ask now", "Connect an assistant from elsewhere", "Details", "ngrok account", "Sharing ends by itself", "Domain"} {
		i := slices.Index(seen, one)
		if i <= at {
			t.Errorf("%q stands at %d, before what comes first: %q", one, i, seen)
		}
		at = i
	}
}

// TestTheGuideBeginsHere: what is to be done at Postern comes before what is at the assistant.
func TestTheGuideBeginsHere(t *testing.T) {
	s := shared()
	st := newStage(t, s)
	st.window.open(viewShare)
	if got := guideText(st); !strings.Contains(got, "Let new clients ask, with the button above.") || !strings.Contains(got, "In a browser, at claude.ai") {
		t.Errorf("the guide says\n%s", got)
	}
	s.PairingUntil = asked().PairingUntil
	st.draw(s)
	if got := guideText(st); !strings.Contains(got, "New clients may ask until 14:08") {
		t.Errorf("the guide says\n%s", got)
	}
	// Where nothing is shared, that comes first, also while new clients may ask; and the address is known already.
	s = usual()
	s.PairingUntil = asked().PairingUntil
	st.draw(s)
	if got := guideText(st); !strings.Contains(got, "Share on the internet, and let new clients ask.") || !strings.Contains(got, "URL: https://postern-anna.ngrok-free.dev/mcp") {
		t.Errorf("the guide says\n%s", got)
	}
}

// TestAnAddressThatAnswersBeforeOneCanShare is told on the page that the banner leads to.
func TestAnAddressThatAnswersBeforeOneCanShare(t *testing.T) {
	s := usual()
	s.Tunnel.Needs, s.Tunnel.Check.What = "your ngrok account is not known yet", desk.Alive
	st := newStage(t, s)
	st.press(t, "Show sharing")
	st.shows(t, "One step is missing before you can share", "The address still answers as Postern")
}

// TestWhatWaitsIsSeenOnEveryPage, once, also what does not pop up by itself.
func TestWhatWaitsIsSeenOnEveryPage(t *testing.T) {
	s := asked()
	s.Waiting = s.Waiting[:1]
	s.Waiting[0].Offer = &approval.Offer{Public: true, Quiet: true}
	st := newStage(t, s)
	for i := range pages {
		st.window.open(i)
		st.questions.reviewed = nil
		st.press(t, "Review…")
		if len(st.questions.reviewed) != 1 {
			t.Errorf("%s: it does not lead to the question", pages[i])
		}
		n := strings.Count(st.seen(), "1 request waits for you")
		if want := map[bool]int{true: 0, false: 1}[i == viewClients]; n != want { // it lists them
			t.Errorf("%s says it %d times", pages[i], n)
		}
	}
	st.draw(usual())
	st.hides(t, "waits for you")
}

// TestACodeIsProposedForAsLongAsThePopUpWould.
func TestACodeIsProposedForAsLongAsThePopUpWould(t *testing.T) {
	for value, want := range map[string]string{"": "180 days", "180d": "180 days", "90d": "90 days", "30d": "30 days", "1d": "1 day", "36h": "1 day", "400d": "400 days", "never": "180 days"} {
		s := usual()
		set(&s, "oauth.grant", value)
		if got := newTerms(nil, nil, nil, usualDays(s), now); got.lasts.Selected != want || len(got.lasts.Options) < 5 {
			t.Errorf("%q: %q of %q", value, got.lasts.Selected, got.lasts.Options)
		}
	}
}

// TestTheStatusNamesBothAddresses to copy.
func TestTheStatusNamesBothAddresses(t *testing.T) {
	st := newStage(t, shared())
	st.pressNth(t, "Copy", 1)
	if got := st.config.Fyne.Clipboard().Content(); got != shared().Public {
		t.Errorf("copied: %q", got)
	}
	if n := strings.Count(st.seen(), shared().Public); n != 1 {
		t.Errorf("it is shown %d times", n)
	}
	st.draw(usual())
	st.hides(t, shared().Public)
}
