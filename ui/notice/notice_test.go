package notice

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/ui/text"
)

func app(t *testing.T, locale string) fyne.App {
	t.Helper()
	for _, name := range []string{"LANGUAGE", "LC_ALL", "LANG"} {
		t.Setenv(name, locale)
	}
	if err := text.Load(); err != nil {
		t.Fatal(err)
	}
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.DefaultTheme())
	return a
}

// TestEveryWayOutQuits, once.
func TestEveryWayOutQuits(t *testing.T) {
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEscape, fyne.KeySpace} {
		a := app(t, "en_US.UTF-8")
		quits := 0
		Show(a, "the disk is full", func() { quits++ })
		all := a.Driver().AllWindows()
		w := all[len(all)-1]
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
		w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if quits != 1 {
			t.Errorf("%s quits %d times", key, quits)
		}
	}
}

func TestAProblemIsASentence(t *testing.T) {
	for problem, want := range map[string]string{
		"the disk is full":             "The disk is full.",
		"bad\x1b[31m\nname \u202egnp.": "Bad[31m name gnp.",
		strings.Repeat("x", 900):       "X" + strings.Repeat("x", longest-2) + "…",
	} {
		if got := sentence(problem); got != want {
			t.Errorf("%q: %q, want %q", problem, got, want)
		}
	}
}
