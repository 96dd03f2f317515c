package unlock

import (
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/ui/text"
)

func app(t *testing.T) fyne.App {
	t.Helper()
	for _, name := range []string{"LANGUAGE", "LC_ALL", "LANG"} {
		t.Setenv(name, "en_US.UTF-8")
	}
	if err := text.Load(); err != nil {
		t.Fatal(err)
	}
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.DefaultTheme())
	return a
}

func TestPassphrase(t *testing.T) {
	app(t)
	for _, c := range []struct {
		name         string
		create       bool
		first, again string
		takes        bool
	}{
		{"known", false, "short", "", true},
		{"none", false, "", "", false},
		{"new", true, "long enough", "long enough", true},
		{"new, differs", true, "long enough", "long enouhg", false},
		{"new, once", true, "long enough", "", false},
		{"new, short", true, "short", "short", false},
		{"new, short in characters", true, "ääää", "ääää", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, took := "", false
			f := newForm(Question{Create: c.create}, func(p string) { got, took = p, true }, func() { t.Error("cancelled") })
			f.first.SetText(c.first)
			if f.again != nil {
				f.again.SetText(c.again)
			}
			test.Tap(f.unlock)
			if took != c.takes || took && got != c.first || took == (f.problem.Text != "") {
				t.Errorf("taken: %v, %q; the owner reads %q", took, got, f.problem.Text)
			}
		})
	}
}

// TestEscapeGivesNothing, and answers once.
func TestEscapeGivesNothing(t *testing.T) {
	a := app(t)
	var answers []error
	Ask(a, Question{}, func(_ string, err error) { answers = append(answers, err) })
	all := a.Driver().AllWindows()
	focused := all[len(all)-1].Canvas().Focused()
	if focused == nil {
		t.Fatal("the owner cannot type at once")
	}
	for range 2 {
		focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	}
	if len(answers) != 1 || !errors.Is(answers[0], ErrNotGiven) {
		t.Errorf("answers: %v", answers)
	}
}

// TestPicture writes pictures to look at, when POSTERN_PICTURES names a directory.
func TestPicture(t *testing.T) {
	dir := os.Getenv("POSTERN_PICTURES")
	if dir == "" {
		t.Skip("POSTERN_PICTURES names no directory")
	}
	a := app(t)
	for name, q := range map[string]Question{"unlock": {Wrong: true}, "create": {Create: true}} {
		Ask(a, q, func(string, error) {})
		w := a.Driver().AllWindows()
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, w[len(w)-1].Canvas().Capture()), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
