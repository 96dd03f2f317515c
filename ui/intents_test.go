package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/desk"
)

func TestPauseAndLockdown(t *testing.T) {
	st := newStage(t, usual())
	st.press(t, "Pause all access")
	st.called(t, "pause")
	st.press(t, "Lock down…")
	st.called(t)
	st.press(t, "Cancel")
	st.called(t)
	st.press(t, "Lock down…")
	st.press(t, "Lock down")
	st.called(t, "lockdown")
	if st.window.Canvas().Overlays().Top() != nil {
		t.Error("the question is still there")
	}
}

func TestABannerLeadsOut(t *testing.T) {
	s := usual()
	s.Paused = true
	st := newStage(t, s)
	for i := range st.window.views {
		st.window.open(i)
		st.bridge.taken()
		st.shows(t, "Paused: clients get no answer")
		st.press(t, "Resume")
		st.called(t, "resume")
	}
	s.LockedDown = true
	st.draw(s)
	st.shows(t, "Locked down: nothing has access")
	st.press(t, "Lift…")
	st.press(t, "Lift the lockdown")
	st.called(t, "lift")
}

func TestWhatWentWrongStaysUntilItIsPutAway(t *testing.T) {
	st := newStage(t, usual())
	st.bridge.err = errors.New("pausing: the disk is full: free some space")
	st.press(t, "Pause all access")
	st.window.open(viewShare)
	st.draw(usual())
	st.shows(t, "Pausing did not work", "Pausing: the disk is full: free some space.")
	if !st.window.shown {
		t.Error("the window stays hidden, and nobody learns of it")
	}
	st.press(t, "") // the cross
	if strings.Contains(st.seen(), "did not work") {
		t.Error("it cannot be put away")
	}
}

func TestLongWorkShowsItselfAndCanBeCancelled(t *testing.T) {
	st := newStage(t, usual())
	var begin func()
	st.work.spawn = func(f func()) { begin = f }
	cancelled := false
	st.work.run("Thinking", func(ctx context.Context) error {
		cancelled = ctx.Err() != nil
		return ctx.Err()
	}, func() { t.Error("it is taken for done") })
	if strings.Contains(st.seen(), "Thinking") {
		t.Error("it flashes up at once")
	}
	for _, f := range st.late {
		f()
	}
	st.shows(t, "Thinking…")
	st.press(t, "Cancel")
	begin()
	if !cancelled {
		t.Error("it goes on")
	}
	if s := st.seen(); strings.Contains(s, "Thinking") {
		t.Errorf("it is still shown, or counts as a failure:\n%s", s)
	}
}

func TestProfiles(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewProfiles)
	st.press(t, "Make default")
	st.called(t, "use home")
	st.press(t, "Remove…")
	st.shows(t, "Remove the profile work?")
	st.press(t, "Remove")
	st.called(t, "remove work")
	st.shows(t, "work was removed, with one thing to know", "Google could not be told: remove the access at myaccount.google.com")
	st.pressNth(t, "Rename…", 1)
	st.entryIn(t, 0).SetText("private")
	st.press(t, "Rename")
	st.called(t, "rename home to private")
}

func TestARenameThatFailsCanBeMended(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewProfiles)
	st.press(t, "Rename…")
	st.bridge.err = errors.New("there is a profile \"home\" already")
	st.entryIn(t, 0).SetText("home")
	st.press(t, "Rename")
	st.shows(t, "There is a profile \"home\" already.")
	if got := st.entryIn(t, 0).Text; got != "home" {
		t.Errorf("the field holds %q", got)
	}
}

func TestAddingAProfileShowsTheWholeWay(t *testing.T) {
	st := newStage(t, usual())
	st.bridge.steps = []desk.Step{{URL: "https://accounts.google.com/o/oauth2/v2/auth?x=1", Opened: true}}
	st.bridge.remarks = []string{"Calendar was not granted"}
	st.bridge.hold = func(context.Context) error {
		st.shows(t, "Your browser is open at Google", "https://accounts.google.com/o/oauth2/v2/auth?x=1", "Copy link", "Cancel")
		st.press(t, "Copy link")
		return nil
	}
	st.window.open(viewProfiles)
	st.press(t, "Add profile…")
	st.press(t, "Sign in with Google")
	st.shows(t, "Give the profile a name, such as work.")
	st.called(t)
	test.Type(st.entryIn(t, 0), "family")
	st.tick(t, "Drive")
	st.tick(t, "Reading only: nothing can be changed or sent with this profile")
	st.press(t, "Sign in with Google")
	st.called(t, "add family [gmail calendar] true")
	if got := st.config.Fyne.Clipboard().Content(); got != st.bridge.steps[0].URL {
		t.Errorf("copied: %q", got)
	}
	st.shows(t, "The profile family is signed in as me@work.example.", "Calendar was not granted")
	st.press(t, "Close")
}

func TestASignInCanBeCancelledAndTriedAgain(t *testing.T) {
	st := newStage(t, usual())
	ended := false
	st.bridge.steps = []desk.Step{{URL: "https://accounts.google.com/x"}}
	st.bridge.hold = func(ctx context.Context) error { return errors.New("Google refused: access_denied") }
	st.window.open(viewProfiles)
	st.pressNth(t, "Sign in again…", 1)
	st.called(t, "again home")
	st.shows(t, "The sign-in did not work", "Google refused: access_denied.")
	st.work.spawn = func(f func()) { // it waits for Google while the owner closes the sheet
		st.bridge.hold = func(ctx context.Context) error {
			st.press(t, "Cancel")
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}
		st.late = append(st.late, f)
	}
	st.press(t, "Try again")
	st.late[len(st.late)-1]()
	if !ended || st.window.Canvas().Overlays().Top() != nil {
		t.Error("the sign-in goes on, or its sheet stays")
	}
}

// TestAQuestionFromHereOpensNoDoor: to look at a client of this computer that asks once more lets nobody from outside ask.
func TestAQuestionFromHereOpensNoDoor(t *testing.T) {
	s := usual()
	s.Waiting = []approval.Request{{ID: "q1", Kind: approval.Connect, Client: "Helper", Offer: &approval.Offer{Quiet: true}}}
	st := newStage(t, s)
	st.window.open(viewClients)
	st.shows(t, "asks again, after your no")
	st.bridge.taken()
	st.ShowRequests()
	st.called(t)
	s.Waiting[0].Offer = &approval.Offer{Quiet: true, Public: true}
	st.draw(s)
	st.shows(t, "from the internet, unexpectedly")
	st.ShowRequests()
	st.called(t, "open pairing")
}

func TestTheStateSaysWhatIsAsked(t *testing.T) {
	s := usual()
	s.Profiles = s.Profiles[:0]
	for value, says := range map[string]string{"ask": "is put to you first", "allow": "without asking you", "deny": "can do nothing that other people would see"} {
		s.Settings = []desk.Setting{{Name: "approvals.outward", Value: value}}
		if got := standingOf(s).Text; !strings.Contains(got, says) {
			t.Errorf("approvals.outward %s: %q", value, got)
		}
	}
}

func TestNotToBeAskedIsAskedAbout(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewSettings)
	st.bridge.taken()
	pick := st.window.views[viewSettings].(*settingsView).fields["approvals.outward"].box
	for _, o := range test.LaidOutObjects(pick) {
		if s, ok := o.(*widget.Select); ok {
			s.SetSelectedIndex(slices.Index(s.Options, valueWord("allow")))
		}
	}
	st.called(t)
	st.press(t, "Cancel")
	st.called(t)
	for _, o := range test.LaidOutObjects(pick) {
		if s, ok := o.(*widget.Select); ok {
			if s.Selected != valueWord("ask") {
				t.Errorf("it shows %q", s.Selected)
			}
			s.SetSelectedIndex(slices.Index(s.Options, valueWord("allow")))
		}
	}
	st.press(t, "Do not ask me")
	st.called(t, `set approvals.outward to "allow"`)
}

func TestWhatWorksInTheEndIsNoTroubleAnyMore(t *testing.T) {
	st := newStage(t, usual())
	st.work.run("Trying", func(context.Context) error { return errors.New("not yet") }, nil)
	st.shows(t, "Trying did not work")
	st.work.run("Trying", func(context.Context) error { return fmt.Errorf("trying: %w", desk.ErrNotGiven) }, nil)
	st.work.run("Trying", func(context.Context) error { return nil }, nil)
	if strings.Contains(st.seen(), "did not work") {
		t.Error("the trouble stays")
	}
	st.work.run("Trying", func(context.Context) error { return fmt.Errorf("trying: %w", desk.ErrNotGiven) }, nil)
	if strings.Contains(st.seen(), "did not work") {
		t.Error("a window that was closed is taken for trouble")
	}
}

func TestAGoogleClientThatIsFoundLaterIsEnough(t *testing.T) {
	s := usual()
	s.GoogleClient = ""
	st := newStage(t, s)
	st.window.open(viewProfiles)
	st.press(t, "Add profile…")
	st.shows(t, "Choose JSON file…")
	st.draw(usual())
	st.shows(t, "Sign in with Google")
	st.press(t, "Cancel")
	st.draw(s)
	st.draw(usual())
	if strings.Contains(st.seen(), "Sign in with Google") {
		t.Error("it comes back after it was closed")
	}
}

func TestAMissingGoogleClientIsExplained(t *testing.T) {
	st := newStage(t, fresh())
	st.press(t, "Begin…")
	st.shows(t, "this one is yours", "Choose JSON file…")
	st.press(t, "Open Google Cloud")
	if len(st.opened) != 1 || !strings.HasPrefix(st.opened[0], "https://console.cloud.google.com/") {
		t.Errorf("opened: %q", st.opened)
	}
	var id string
	st.window.profiles.importClient(io.NopCloser(bytes.NewBufferString("{}")), func(got, _ string, err error) { id = got })
	st.called(t, "import {}")
	if id != "42.apps.googleusercontent.com" {
		t.Errorf("taken: %q", id)
	}
}

func TestClients(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewClients)
	st.bridge.taken()
	st.press(t, "Revoke…")
	st.press(t, "Revoke")
	st.called(t, "revoke g1: revoked by the owner")
	st.press(t, "Revoke all…")
	st.press(t, "Revoke")
	st.called(t, "revoke client c2: revoked by the owner")
	st.press(t, "Block…")
	st.press(t, "Block")
	st.called(t, "block c1")
	st.press(t, "Unblock")
	st.called(t, "unblock c4")
}

func choicesOnOffer(b *fakeBridge) {
	b.profiles = []approval.Choice{{ID: "p1", Title: "work (anna@work.example)"}, {ID: "p2", Title: "home (anna@example.com)"}}
	b.scopes = []approval.Choice{{ID: "gmail:read", Title: "Read mail"}, {ID: "gmail:write", Title: "Write drafts, label and archive mail"}, {ID: "gmail:send", Title: "Send mail", Risky: true}}
}

func TestChangingAGrant(t *testing.T) {
	st := newStage(t, usual())
	choicesOnOffer(st.bridge)
	st.window.open(viewClients)
	st.press(t, "Change…")
	st.tick(t, "Send mail (others see it)")
	st.tick(t, "work (anna@work.example)")
	st.press(t, "Save")
	st.shows(t, "Choose at least one profile.")
	st.called(t)
	st.tick(t, "home (anna@example.com)")
	st.press(t, "Save")
	st.called(t, "change g1: [p2] [gmail:read gmail:write] until 2027-04-26")
}

func TestPairing(t *testing.T) {
	st := newStage(t, usual())
	choicesOnOffer(st.bridge)
	st.window.open(viewShare)
	st.press(t, "Let new clients ask")
	st.called(t, "open pairing")
	st.draw(asked())
	st.shows(t, "New clients may ask until 14:08")
	st.press(t, "Stop now")
	st.called(t, "close pairing")
	st.press(t, "Make a pairing code…")
	st.tick(t, "home (anna@example.com)")
	st.press(t, "Make the code")
	st.called(t, "code [home] [gmail:read] until "+now.AddDate(0, 0, 180).Format(time.DateOnly))
	st.shows(t, "ABCD-EFGH", "once, until 14:10")
}

// TestSharingEndsByItself after the time that is chosen beside its switch, or among the settings.
func TestSharingEndsByItself(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewShare)
	v := st.window.views[viewShare].(*shareView)
	st.shows(t, "Sharing ends by itself")
	one := selectOf(t, v.off.box)
	if one.Selected != "After 8 hours" {
		t.Errorf("at first it is %q", one.Selected)
	}
	one.SetSelected("Never")
	st.called(t, `set tunnel.off_after to "never"`)
	s := usual()
	for i := range s.Settings {
		if s.Settings[i].Name == offAfter {
			s.Settings[i].Value = "1h"
		}
	}
	st.draw(s)
	if again := selectOf(t, v.off.box); again != one || again.Selected != "After one hour" {
		t.Errorf("what changed elsewhere is not shown: %q", again.Selected)
	}
	st.called(t)
}

// TestEverySettingHasWords in the window, and is in a group that fits.
func TestEverySettingHasWords(t *testing.T) {
	st := newStage(t, usual())
	for _, one := range everySetting() {
		if settingTitle(one) == one.Name || settingDoc(one) == one.Doc {
			t.Errorf("%s has no words of the window's", one.Name)
		}
		for _, value := range one.Values {
			if valueWord(value) == value && value != "true" && value != "false" {
				t.Errorf("%s: the value %s has no words", one.Name, value)
			}
		}
		in := false
		for _, g := range st.window.settings.groups {
			in = in || slices.Contains(g.names, one.Name)
		}
		if !in {
			t.Errorf("%s is in no group", one.Name)
		}
	}
}

func TestReviewIsThePopUps(t *testing.T) {
	st := newStage(t, asked())
	if len(st.questions.loud) != 2 {
		t.Errorf("put to the owner: %d", len(st.questions.loud))
	}
	st.press(t, "Review…")
	if len(st.questions.reviewed) != 2 {
		t.Errorf("reviewed: %d", len(st.questions.reviewed))
	}
}

// TestALookAtWhatIsQuiet opens the pairing window: the owner expects the app that waits there.
func TestALookAtWhatIsQuiet(t *testing.T) {
	s := usual()
	s.Waiting = []approval.Request{{ID: "q9", Kind: approval.Connect, Client: "Claude", ExpiresAt: now.Add(time.Minute), Offer: &approval.Offer{Public: true, Quiet: true}}}
	st := newStage(t, s)
	if len(st.questions.loud) != 0 {
		t.Error("it is put to the owner unasked")
	}
	st.ShowRequests()
	st.called(t, "open pairing")
	if len(st.questions.reviewed) != 1 {
		t.Errorf("reviewed: %d", len(st.questions.reviewed))
	}
}

func TestActivity(t *testing.T) {
	st := newStage(t, usual())
	st.bridge.entries = usual().Recent
	st.window.open(viewActivity)
	v := st.window.views[viewActivity].(*activityView)
	test.Type(v.client, "Cla")
	v.profile.SetSelected("home")
	v.outcome.SetSelected("denied")
	f := st.bridge.filters[len(st.bridge.filters)-1]
	if f.Client != "Cla" || f.Profile != "home" || f.Outcome != "denied" || f.Limit != longestRecord {
		t.Errorf("looked for: %+v", f)
	}
	looked := len(st.bridge.filters)
	s := usual()
	st.draw(s)
	if len(st.bridge.filters) != looked {
		t.Error("it looks again although nothing is new")
	}
	s.Recent[0].Seq++
	st.draw(s)
	if len(st.bridge.filters) != looked+1 || v.client.Text != "Cla" {
		t.Errorf("it is not live, or forgot what was typed: %q", v.client.Text)
	}
	st.press(t, "Clear…")
	st.press(t, "Clear")
	st.called(t, "clear")
}

func TestSettings(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewSettings)
	v := st.window.views[viewSettings].(*settingsView)
	st.tick(t, "Reading only")
	st.called(t, `set read_only to "true"`)
	selectOf(t, v.fields["approvals.outward"].box).SetSelected("Deny")
	st.called(t, `set approvals.outward to "deny"`)
	st.tick(t, "Calendar")
	st.called(t, `set toolsets to "gmail,drive"`)
	e := entryOf(t, v.fields["oauth.grant"].box)
	e.SetText("90d")
	st.press(t, "Save")
	st.called(t, `set oauth.grant to "90d"`)
	port := entryOf(t, v.fields["http.port"].box)
	port.SetText("7900")
	port.OnSubmitted("7900")
	st.called(t, `set http.port to "7900"`)
	st.tick(t, "Start when I log in")
	if !st.autostart.on {
		t.Error("it does not start at login")
	}
}

func TestASettingThatIsRefusedGoesBackOrStaysToBeMended(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewSettings)
	v := st.window.views[viewSettings].(*settingsView)
	st.bridge.err = errors.New("want a number of days from 1 to 3650")
	if st.tick(t, "Reading only").Checked {
		t.Error("what was refused is shown as done")
	}
	e := entryOf(t, v.fields["activity.keep_days"].box)
	e.SetText("soon")
	e.OnSubmitted("soon")
	if e.Text != "soon" {
		t.Errorf("the field holds %q", e.Text)
	}
	st.shows(t, "Want a number of days from 1 to 3650.")
	st.autostart.err = errors.New("no place for the entry")
	if st.tick(t, "Start when I log in").Checked {
		t.Error("it is shown to start at login")
	}
}

func selectOf(t *testing.T, o fyne.CanvasObject) (found *widget.Select) {
	t.Helper()
	each(o, func(o fyne.CanvasObject) {
		if s, ok := o.(*widget.Select); ok {
			found = s
		}
	})
	return found
}

func entryOf(t *testing.T, o fyne.CanvasObject) *widget.Entry {
	t.Helper()
	return entryIn(o)
}

func entryIn(o fyne.CanvasObject) (found *widget.Entry) {
	each(o, func(o fyne.CanvasObject) {
		if e, ok := o.(*widget.Entry); ok {
			found = e
		}
	})
	return found
}
