package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
)

func TestWhatIsTypedStaysWhenTheSnapshotChanges(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewSettings)
	v := st.window.views[viewSettings].(*settingsView)
	e := entryOf(t, v.fields["oauth.grant"].box)
	e.SetText("90")
	s := usual()
	s.Settings[0].Value = "false"
	for i := range s.Settings {
		if s.Settings[i].Name == "read_only" {
			s.Settings[i].Value = "true"
		}
	}
	st.draw(s)
	if e.Text != "90" {
		t.Errorf("what was typed is gone: %q", e.Text)
	}
	if again := entryOf(t, v.fields["oauth.grant"].box); again != e {
		t.Error("the field was made anew")
	}
	if !checkOf(v.fields["read_only"].box).Checked {
		t.Error("what changed elsewhere is not shown")
	}
	st.called(t) // showing is not setting
}

func checkOf(o fyne.CanvasObject) (found *widget.Check) {
	each(o, func(o fyne.CanvasObject) {
		if c, ok := o.(*widget.Check); ok {
			found = c
		}
	})
	return found
}

func TestTheFormOfANewProfileStaysWhenTheSnapshotChanges(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewProfiles)
	st.press(t, "Add profile…")
	test.Type(st.entryIn(t, 0), "fam")
	st.draw(shared())
	test.Type(st.entryIn(t, 0), "ily")
	if got := st.entryIn(t, 0).Text; got != "family" {
		t.Errorf("the field holds %q", got)
	}
}

func TestThePageStaysWhereItWasScrolled(t *testing.T) {
	st := newStage(t, usual())
	st.window.Resize(fyne.NewSize(800, 400))
	st.window.open(viewClients)
	var scroll *container.Scroll
	each(st.window.Content(), func(o fyne.CanvasObject) {
		if s, ok := o.(*container.Scroll); ok {
			scroll = s
		}
	})
	scroll.Refresh() // what the canvas does with each frame
	scroll.ScrollToOffset(fyne.NewPos(0, 200))
	if scroll.Offset.Y != 200 {
		t.Fatalf("the page cannot be scrolled: %v of %v, %v in %v", scroll.Offset, scroll.Content.MinSize(), scroll.Content.Size(), scroll.Size())
	}
	s := usual()
	s.Clients[1].Name = "Cursor 2"
	st.draw(s)
	st.shows(t, "“Cursor 2”")
	scroll.Refresh()
	if scroll.Offset.Y != 200 {
		t.Errorf("the page jumped to %v", scroll.Offset)
	}
}

func TestTheFocusStaysWhenARowIsDrawnAnew(t *testing.T) {
	st := newStage(t, usual())
	st.window.open(viewClients)
	v := st.window.views[viewClients].(*clientsView)
	revoke := func() *button {
		var found *button
		each(v.cards.box.Objects[1], func(o fyne.CanvasObject) {
			if b, ok := o.(*button); ok && b.Text == "Revoke…" {
				found = b
			}
		})
		return found
	}
	before := revoke()
	st.window.Canvas().Focus(before)
	s := usual()
	s.Clients[0].Grants[0].Scopes = s.Clients[0].Grants[0].Scopes[:1]
	st.draw(s)
	after := revoke()
	if after == before {
		t.Fatal("the row was not drawn anew")
	}
	if st.window.Canvas().Focused() != fyne.Focusable(after) {
		t.Error("the focus is lost")
	}
}

func TestTheKeyboardIsEnough(t *testing.T) {
	st := newStage(t, usual())
	c := st.window.Canvas()
	st.window.open(viewClients)
	c.Focus(nil)
	seen := map[string]bool{}
	for range 40 {
		c.FocusNext()
		if b, ok := c.Focused().(*button); ok {
			seen[b.Text] = true
		}
	}
	for _, label := range []string{"Status", "Settings", "Let new clients ask", "Change…", "Revoke…", "Block…", "Unblock"} {
		if !seen[label] {
			t.Errorf("Tab does not lead to %q", label)
		}
	}
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		st.bridge.taken()
		for range 40 {
			c.FocusNext()
			if b, ok := c.Focused().(*button); ok && b.Text == "Unblock" {
				break
			}
		}
		c.Focused().TypedKey(&fyne.KeyEvent{Name: key})
		st.called(t, "unblock c4")
	}
}

func TestAQuestionHasItsFocusOnTheWayOut(t *testing.T) {
	st := newStage(t, usual())
	st.press(t, "Lock down…")
	b, ok := st.window.Canvas().Focused().(*button)
	if !ok || b.Text != "Cancel" {
		t.Fatalf("the focus is on %v", st.window.Canvas().Focused())
	}
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	st.called(t)
	if st.window.Canvas().Overlays().Top() != nil {
		t.Error("the question is still there")
	}
	st.press(t, "Lock down…")
	st.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	st.called(t)
	if st.window.Canvas().Overlays().Top() != nil {
		t.Error("the question is still there")
	}
}

// TestSheetsByKeyboard: each takes the keys at once, and Esc leads out of it with nothing done.
func TestSheetsByKeyboard(t *testing.T) {
	for name, c := range map[string]struct {
		of    desk.Snapshot
		on    int
		label string
	}{
		"the vault":  {bare(), viewStatus, "Choose…"},
		"apps":       {usual(), viewStatus, "Connect them…"},
		"disconnect": {usual(), viewStatus, "Disconnect…"},
		"clear":      {usual(), viewActivity, "Clear…"},
		"reset":      {usual(), viewSettings, "Reset all…"},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, c.of)
			st.window.open(c.on)
			st.press(t, c.label)
			b, ok := st.window.Canvas().Focused().(*button)
			if !ok {
				t.Fatalf("the focus is on %v", st.window.Canvas().Focused())
			}
			if b.Importance == widget.DangerImportance || b.Importance == widget.HighImportance {
				t.Errorf("Enter would press %q", b.Text)
			}
			b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			if st.window.Canvas().Overlays().Top() != nil {
				t.Error("Esc does not lead out")
			}
			st.called(t)
		})
	}
}

// TestLongWorkIsSeenAndStopped: what takes its time shows that it goes on, and ends when the owner has had enough.
func TestLongWorkIsSeenAndStopped(t *testing.T) {
	st := newStage(t, usual())
	var call func()
	st.work.spawn = func(f func()) { call = f }
	var ended error
	st.work.start("Exporting the activity", func(ctx context.Context) error { return ctx.Err() }, func(err error) { ended = err })
	for _, later := range st.late {
		later()
	}
	st.shows(t, "Exporting the activity…")
	st.press(t, "Cancel")
	call()
	if !errors.Is(ended, context.Canceled) {
		t.Errorf("it ended with %v", ended)
	}
	if strings.Contains(st.seen(), "Exporting the activity…") {
		t.Error("it is still shown")
	}
}

func TestWithoutATrayTheWindowSaysSoAndAsksBeforeItQuits(t *testing.T) {
	st := newStage(t, fresh())
	st.config.TrayHost = false
	st.draw(fresh())
	st.shows(t, "This desktop shows no tray icons")
	st.window.closing()
	st.shows(t, "Quit Postern?")
	st.press(t, "Cancel")
	if st.quitted {
		t.Error("it quits without being told to")
	}
	st.window.closing()
	st.press(t, "Quit Postern")
	if !st.quitted {
		t.Error("it does not quit")
	}
}

func TestTheFirstStepsGoWithTheirEnd(t *testing.T) {
	st := newStage(t, fresh())
	st.shows(t, "First steps", "The keys stay on this computer: the GNOME keyring.")
	st.draw(usual())
	if strings.Contains(st.seen(), "First steps") {
		t.Error("they stay although all is done")
	}
	st.draw(fresh())
	st.press(t, "Hide these")
	if strings.Contains(st.seen(), "First steps") {
		t.Error("they cannot be put away")
	}
}

func TestAnEmptyPageTeaches(t *testing.T) {
	st := newStage(t, desk.Snapshot{At: now})
	for i, want := range []string{"First steps", "No profile yet", "No client was let in yet", "Nothing yet. Each call", "Not shared", "Postern’s data"} {
		st.window.open(i)
		st.shows(t, want)
	}
}

// TestNothingIsBelowTheEnd of a page that became shorter while its end was seen.
func TestNothingIsBelowTheEnd(t *testing.T) {
	st := newStage(t, usual())
	st.window.Resize(fyne.NewSize(800, 400))
	st.window.open(viewShare)
	st.press(t, "Change account…")
	st.scrollDown()
	st.press(t, "Cancel")
	scroll := st.window.turned()
	test.WidgetRenderer(scroll).Layout(scroll.Size()) // what the canvas does when a part of it has another size
	if end := scroll.Content.Size().Height - scroll.Size().Height; scroll.Offset.Y > end || end <= 0 {
		t.Errorf("the page is at %v and ends at %v", scroll.Offset.Y, end)
	}
	if at := scroll.Content.Position().Y; at != -scroll.Offset.Y {
		t.Errorf("it is drawn at %v, and scrolled to %v", at, scroll.Offset.Y)
	}
}

// TestAPageOpensAtItsTop wherever it was left; only what is drawn anew meanwhile leaves it in its place.
func TestAPageOpensAtItsTop(t *testing.T) {
	st := newStage(t, shared())
	st.window.Resize(fyne.NewSize(800, 400))
	for i := range pages {
		st.window.open(i)
		st.scrollDown()
		st.window.open((i + 1) % len(pages))
		st.window.open(i)
		if s := st.window.turned(); s != nil && s.Offset.Y != 0 {
			t.Errorf("%s opens at %v", pages[i], s.Offset)
		}
	}
}
