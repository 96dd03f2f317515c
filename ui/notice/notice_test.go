package notice

import (
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/picture"
	"postern/ui"
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

// variant is the app's look, light or dark whatever the desktop is.
type variant struct {
	fyne.Theme
	of fyne.ThemeVariant
}

func (v variant) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return v.Theme.Color(n, v.of)
}

// TestPictures holds the window to its picture, with a problem of today and with one that is made to fool the owner.
func TestPictures(t *testing.T) {
	const usual = `Postern runs already, but without a window: end "postern serve" first, then open the app again`
	hostile := "opening $(touch /tmp/pwned) **bold** [click](https://evil.example) \u202egnp.exe\u202c\n\n" + strings.Repeat("a very long name ", 60)
	for file, c := range map[string]struct {
		problem string
		of      fyne.ThemeVariant
		locale  string
	}{
		"usual-light.png":   {usual, theme.VariantLight, "en_US.UTF-8"},
		"usual-dark.png":    {usual, theme.VariantDark, "en_US.UTF-8"},
		"hostile-light.png": {hostile, theme.VariantLight, "en_US.UTF-8"},
		"hostile-dark.png":  {hostile, theme.VariantDark, "en_US.UTF-8"},
		"usual-de.png":      {usual, theme.VariantLight, "de_DE.UTF-8"},
	} {
		t.Run(file, func(t *testing.T) {
			a := app(t, c.locale)
			a.Settings().SetTheme(variant{ui.Look(), c.of})
			Show(a, c.problem, func() {})
			all := a.Driver().AllWindows()
			w := all[len(all)-1]
			for range 2 { // the test canvas lays out at a new size alone, and texts wrap at the second time
				w.Resize(fyne.NewSize(481, 201))
				w.Resize(fyne.NewSize(480, 200))
			}
			picture.Same(t, file, w.Canvas().Capture())
		})
	}
}
