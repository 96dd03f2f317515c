package ui

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

// TestConnectingApps: those that are found are ticked, what will be written is shown first, and each says how it went.
func TestConnectingApps(t *testing.T) {
	st := newStage(t, usual())
	st.shows(t, "Codex", "Cursor", "Claude Code", "Connected")
	st.apps.fail = map[string]error{"cursor": errors.New("the file is no valid JSON: mend it first")}
	st.press(t, "Connect them…")
	st.shows(t, "/home/anna/.codex/config.toml", "[mcp_servers.postern]", "/home/anna/.cursor/mcp.json")
	if strings.Contains(st.seen(), ".claude.json") {
		t.Error("one that is connected would be written again")
	}
	st.press(t, "Cancel")
	if len(st.apps.calls) != 0 {
		t.Errorf("cancelled, it has called %q", st.apps.calls)
	}
	st.press(t, "Connect them…")
	st.press(t, "Write it")
	if got := strings.Join(st.apps.calls, ", "); got != "connect codex false, connect cursor false" {
		t.Errorf("called: %s", got)
	}
	st.shows(t, "Connected. If it runs, start it again.", "The file is no valid JSON: mend it first.")
}

// TestWhatIsNotTickedIsLeftAlone, and with nothing ticked there is nothing to press.
func TestWhatIsNotTickedIsLeftAlone(t *testing.T) {
	st := newStage(t, usual())
	v := st.window.views[viewStatus].(*statusView)
	st.tick(t, "Cursor")
	if all := v.apps.chosen(); len(all) != 1 || all[0].ID != "codex" {
		t.Errorf("chosen: %+v", all)
	}
	st.tick(t, "Codex")
	if !v.apps.connect.Disabled() {
		t.Error("with nothing ticked the button can be pressed")
	}
	st.press(t, "Look again")
	if all := v.apps.chosen(); len(all) != 0 {
		t.Errorf("to look again ticks %+v", all)
	}
}

// TestAnotherEntryIsShown before it is replaced.
func TestAnotherEntryIsShown(t *testing.T) {
	st := newStage(t, usual())
	st.apps.all[1].Old = "[mcp_servers.postern]\ncommand = \"/old/postern\""
	st.press(t, "Look again")
	st.shows(t, "starts something else")
	st.press(t, "Connect them…")
	if strings.Contains(st.seen(), "Codex") {
		t.Error("it is replaced although nobody has ticked it")
	}
	st.press(t, "Cancel")
	st.tick(t, "Codex")
	st.press(t, "Connect them…")
	st.shows(t, "/old/postern")
	st.press(t, "Write it")
	if got := strings.Join(st.apps.calls, ", "); got != "connect codex true, connect cursor false" {
		t.Errorf("called: %s", got)
	}
}

func TestDisconnectingAnApp(t *testing.T) {
	st := newStage(t, usual())
	st.press(t, "Disconnect…")
	st.press(t, "Disconnect")
	if got := strings.Join(st.apps.calls, ", "); got != "disconnect claude-code" {
		t.Errorf("called: %s", got)
	}
	if b := st.window.views[viewStatus].(*statusView).apps.chosen(); len(b) != 2 {
		t.Errorf("what was taken out is ticked again: %+v", b)
	}
}

// TestAppsThatCannotBeFound are a sentence, and the way by hand stays.
func TestAppsThatCannotBeFound(t *testing.T) {
	st := newStage(t, usual())
	st.apps.err = errors.New("the command postern is neither beside this program nor on PATH: install it")
	st.press(t, "Look again")
	st.shows(t, "The command postern is neither", "Connect a client on this computer")
	st.apps.err, st.apps.all = nil, nil
	st.press(t, "Look again")
	st.shows(t, "None that Postern knows was found")
}

// TestAConnectedAppIsAStepDone: it starts Postern itself, and never asks to be let in.
func TestAConnectedAppIsAStepDone(t *testing.T) {
	st := newStage(t, fresh())
	v := st.window.views[viewStatus].(*statusView)
	if all := v.stepsOf(fresh()); len(all) != 1 || !all[0].Client {
		t.Errorf("%+v", all)
	}
	st.apps.all[0].Connected = false
	st.press(t, "Look again")
	if all := v.stepsOf(fresh()); len(all) != 1 || all[0].Client {
		t.Errorf("%+v", all)
	}
}

// TestAppsByKeyboard: Tab leads to each, and Esc out of the sheet.
func TestAppsByKeyboard(t *testing.T) {
	st := newStage(t, usual())
	c := st.window.Canvas()
	for range 60 {
		c.FocusNext()
		if b, ok := c.Focused().(*button); ok && b.Text == "Connect them…" {
			break
		}
	}
	b, ok := c.Focused().(*button)
	if !ok || b.Text != "Connect them…" {
		t.Fatal("Tab does not lead to the button")
	}
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if b, ok := c.Focused().(*button); !ok || b.Text != "Cancel" {
		t.Errorf("in the sheet the focus is on %v", c.Focused())
	}
	c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if c.Overlays().Top() != nil || len(st.apps.calls) != 0 {
		t.Error("Esc does not lead out")
	}
}

// TestWhatWasSaidOfAnAppIsOfThen: who takes Postern out of a file by hand and looks again is not told that it is in there.
func TestWhatWasSaidOfAnAppIsOfThen(t *testing.T) {
	const done = "Connected."
	st := newStage(t, usual())
	st.press(t, "Connect them…")
	st.press(t, "Write it")
	st.shows(t, done)
	for i := range st.apps.all {
		st.apps.all[i].Connected = false
	}
	st.press(t, "Look again")
	if strings.Contains(st.seen(), done) {
		t.Errorf("it still says %q", done)
	}
}
