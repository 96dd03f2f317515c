package unlock

import (
	"errors"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/desk"
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

func TestPassphrase(t *testing.T) {
	app(t, "en_US.UTF-8")
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
	a := app(t, "en_US.UTF-8")
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
	if len(answers) != 1 || !errors.Is(answers[0], desk.ErrNotGiven) {
		t.Errorf("answers: %v", answers)
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

// TestPictures holds each question to its picture, in light and dark, and in the other language.
func TestPictures(t *testing.T) {
	for file, c := range map[string]struct {
		q      Question
		of     fyne.ThemeVariant
		locale string
		press  bool // with nothing typed
	}{
		"unlock-light.png":  {Question{}, theme.VariantLight, "en_US.UTF-8", false},
		"unlock-dark.png":   {Question{}, theme.VariantDark, "en_US.UTF-8", false},
		"wrong-light.png":   {Question{Wrong: true}, theme.VariantLight, "en_US.UTF-8", false},
		"wrong-dark.png":    {Question{Wrong: true}, theme.VariantDark, "en_US.UTF-8", false},
		"create-light.png":  {Question{Create: true}, theme.VariantLight, "en_US.UTF-8", false},
		"create-dark.png":   {Question{Create: true}, theme.VariantDark, "en_US.UTF-8", false},
		"missing-light.png": {Question{Create: true}, theme.VariantLight, "en_US.UTF-8", true},
		"missing-dark.png":  {Question{Create: true}, theme.VariantDark, "en_US.UTF-8", true},
		"unlock-de.png":     {Question{Wrong: true}, theme.VariantLight, "de_DE.UTF-8", false},
		"create-de.png":     {Question{Create: true}, theme.VariantLight, "de_DE.UTF-8", true},
	} {
		t.Run(file, func(t *testing.T) {
			a := app(t, c.locale)
			a.Settings().SetTheme(variant{ui.Look(), c.of})
			Ask(a, c.q, func(string, error) {})
			all := a.Driver().AllWindows()
			w := all[len(all)-1]
			if c.press {
				w.Canvas().Focused().(*field).OnSubmitted("")
			}
			for range 2 { // the test canvas lays out at a new size alone, and texts wrap at the second time
				w.Resize(fyne.NewSize(441, 301))
				w.Resize(fyne.NewSize(440, 300))
			}
			picture.Same(t, file, w.Canvas().Capture())
		})
	}
}
