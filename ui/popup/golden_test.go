package popup

import (
	"errors"
	"image/color"
	"os"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
	"postern/internal/picture"
	"postern/ui/text"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// inLanguage makes an app for a test, in a language and with the real theme: the test theme has no bold monospace.
func inLanguage(t *testing.T, locale string, variant fyne.ThemeVariant) fyne.App {
	t.Helper()
	t.Setenv("LANGUAGE", "")
	t.Setenv("LC_ALL", locale)
	t.Setenv("LANG", locale)
	if err := text.Load(); err != nil {
		t.Fatal(err)
	}
	app := test.NewTempApp(t)
	app.Settings().SetTheme(forced{theme.DefaultTheme(), variant})
	return app
}

// forced is a theme in one variant, whatever the system's is.
type forced struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (f forced) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if n == theme.ColorNameInputBorder || n == theme.ColorNameDisabled { // as in the app's own theme
		n = theme.ColorNamePlaceHolder
	}
	return f.Theme.Color(n, f.variant)
}

// pictured are the states of the window that are kept as pictures, each in light and in dark.
var pictured = []struct {
	name string
	r    func() approval.Request
	do   func(*bench) // brings the window into the state; nil: a second goes by
}{
	{"connect-local", local, nil},
	{"connect-local-de", local, nil},
	{"connect-verified", verified, (*bench).choose},
	{"connect-verified-de", verified, (*bench).choose},
	{"connect-stranger", stranger, nil},
	{"connect-stranger-typed", stranger, (*bench).choose},
	{"connect-stranger-de", stranger, nil},
	{"connect-hostile", hostile, nil},
	{"connect-hostile-below", hostile, func(b *bench) { b.scroll(10_000) }},
	{"connect-rtl", rtl, (*bench).choose},
	{"connect-short", short, nil},
	{"connect-asleep", verified, func(b *bench) { b.choose(); b.left() }},
	{"connect-more", verified, func(b *bench) {
		b.button("19 more that you can give").Tapped(nil)
		b.button("Longer …").Tapped(nil)
		b.scroll(10_000)
	}},
	{"connect-wrong-number", verified, func(b *bench) { b.err = approval.ErrWrongNumber; b.choose(); b.button("Allow").Tapped(nil); b.taken() }},
	{"connect-blocked", verified, func(b *bench) { b.button("Block this app").Tapped(nil); b.taken() }},
	{"widen-local", func() approval.Request { return more(false) }, nil},
	{"widen-public", func() approval.Request { return more(true) }, nil},
	{"widen-public-de", func() approval.Request { return more(true) }, nil},
	{"mail", func() approval.Request { return mail() }, nil},
	{"mail-asleep", func() approval.Request { return mail() }, (*bench).left},
	{"mail-failed", func() approval.Request { return mail() }, func(b *bench) { b.err = errors.New("the disk is full"); b.button("Allow").Tapped(nil); b.taken() }},
	{"mail-warned", warned, nil},
	{"mail-warned-de", warned, nil},
	{"mail-edited", edited, nil},
	{"mail-edited-de", edited, nil},
	{"mail-edited-below", edited, func(b *bench) { b.scroll(10_000) }},
	{"mail-hostile", hostileMail, nil},
	{"mail-hostile-below", hostileMail, func(b *bench) { b.scroll(700) }},
	{"mail-rtl", rtlMail, nil},
	{"mail-form", editable, func(b *bench) { b.desk.edit(); b.ahead(time.Second) }},
	{"mail-form-de", editable, func(b *bench) { b.desk.edit(); b.ahead(time.Second) }},
	{"mail-form-wrong", editable, wrongForm},
	{"mail-form-wrong-de", editable, wrongForm},
	{"invitation", invitation, nil},
	{"share", share, nil},
	{"deletion", deletion, nil},
	{"deletion-de", deletion, nil},
	{"writing", writing, nil},
	{"writing-de", writing, nil},
	{"notice-over", func() approval.Request { return mail() }, func(b *bench) { b.ahead(time.Hour) }},
	{"notice-cool", func() approval.Request { return mail() }, func(b *bench) { b.desk.turns.ignored["c1"] = 1; b.ahead(time.Hour) }},
	{"notice-cool-de", func() approval.Request { return mail() }, func(b *bench) { b.desk.turns.ignored["c1"] = 1; b.ahead(time.Hour) }},
	{"notice-elsewhere", func() approval.Request { return mail() }, func(b *bench) { b.desk.Update(nil) }},
}

// wrongForm is the form after a change that could not be made.
func wrongForm(b *bench) {
	b.desk.edit()
	b.write("Anna <anna@example.com>", "anna@")
	b.write("Friday", "Monday")
	b.desk.wrong(`to: "anna@" is no mail address`)
	b.ahead(time.Second)
}

// TestTheWindowLooksAsIntended compares each state with its pictures. After a change that was meant, look at
// testdata/failed and copy from there.
func TestTheWindowLooksAsIntended(t *testing.T) {
	kept := map[string]bool{"failed": true}
	for _, locale := range []string{"en_US.UTF-8", "de_DE.UTF-8"} {
		for end, variant := range map[string]fyne.ThemeVariant{"": theme.VariantLight, "-dark": theme.VariantDark} {
			app := inLanguage(t, locale, variant) // one for many: each reads the fonts anew
			for _, p := range pictured {
				if strings.HasSuffix(p.name, "-de") != (locale == "de_DE.UTF-8") {
					continue
				}
				name := p.name + end
				kept[name+".png"] = true
				t.Run(name, func(t *testing.T) {
					b := newBench(t, app)
					b.desk.Revise = revisable
					b.ahead(90 * time.Second)
					b.desk.Update([]approval.Request{p.r(), {ID: "q2", Kind: approval.Action, ExpiresAt: noon.Add(10 * time.Hour)}})
					b.ahead(time.Second)
					if p.do != nil {
						p.do(b)
					}
					b.ahead(0)
					picture.Same(t, name+".png", b.desk.window.Canvas().Capture())
					b.desk.window.Close()
				})
			}
		}
	}
	all, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if !kept[f.Name()] {
			t.Errorf("testdata/%s is a picture of nothing", f.Name())
		}
	}
}
