package ui

import (
	"cmp"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// field is one setting on the page: what it is called, what it means, and what it is. What the owner types stays until it
// is kept or taken back.
type field struct {
	v     *settingsView
	box   *fyne.Container
	of    desk.Setting // as it is drawn
	show  func(value string)
	wrong *widget.Label
	reset *button
}

func (v *settingsView) newField(one desk.Setting) *field {
	f := &field{v: v, of: one, wrong: paragraph("")}
	f.wrong.Importance = widget.DangerImportance
	f.wrong.Hide()
	f.reset = newButton(text.T("settings.reset"), nil, func() { f.set(f.of.Default) }).quiet()
	title, doc := settingTitle(one), settingDoc(one)
	var control fyne.CanvasObject
	switch {
	case slices.Equal(one.Values, []string{"false", "true"}):
		f.box = container.NewVBox(column(container.NewBorder(nil, nil, nil, f.reset, f.check(title)), aside(doc)), f.wrong)
	case len(one.Values) > 0:
		control = f.choice(one.Values)
	case one.Name == "toolsets":
		control = container.New(layout.NewCustomPaddedLayout(0, 0, -theme.InnerPadding(), 0), f.toolsets())
	default:
		control = f.entry(one.Name == "exchange.folder")
	}
	if control != nil {
		f.box = container.NewVBox(column(container.NewBorder(nil, nil, nil, f.reset, subheading(title)), aside(doc)), container.New(layout.NewCustomPaddedLayout(0, theme.Padding(), theme.InnerPadding(), theme.InnerPadding()), control), f.wrong)
	}
	f.draw(one)
	return f
}

// worded returns the text of a key, or what stands in for it: a setting may be newer than this page.
func worded(key, shown, otherwise string) string {
	if shown == key {
		return plain(otherwise, longestLine)
	}
	return shown
}

func settingTitle(one desk.Setting) string {
	key := "settings.title." + one.Name
	return worded(key, text.T("settings.title."+one.Name), one.Name)
}

func settingDoc(one desk.Setting) string {
	key := "settings.doc." + one.Name
	return worded(key, text.T("settings.doc."+one.Name), one.Doc)
}

func valueWord(value string) string {
	key := "settings.value." + value
	return worded(key, text.T("settings.value."+value), value)
}

// update draws a value that has changed; else it leaves alone what the owner is at.
func (f *field) update(one desk.Setting) {
	if one.Value != f.of.Value || one.Default != f.of.Default {
		f.draw(one)
	}
}

func (f *field) draw(one desk.Setting) {
	f.of = one
	f.show(one.Value)
	f.wrong.Hide()
	if one.Value == one.Default {
		f.reset.Hide()
	} else {
		f.reset.Show()
	}
}

// set gives the setting a value. If that does not work, the page says why beside it.
func (f *field) set(value string) {
	if value == f.of.Value {
		return
	}
	f.v.set(f.of, value, func(err error) {
		if err != nil {
			f.wrong.SetText(sentence(err))
			f.wrong.Show()
			if len(f.of.Values) > 0 { // what was typed stays, to be mended
				f.show(f.of.Value)
			}
			return
		}
		one := f.of
		one.Value = value
		f.draw(one)
	})
}

func (f *field) check(title string) fyne.CanvasObject {
	c := widget.NewCheck(title, nil)
	f.show = func(value string) {
		c.OnChanged = nil
		c.SetChecked(value == "true")
		c.OnChanged = func(on bool) { f.set(map[bool]string{true: "true", false: "false"}[on]) }
	}
	return c
}

// unasked are the settings by which the owner gives up to be asked, so that they are asked about that.
var unasked = []string{"approvals.outward", "approvals.destructive"}

func (f *field) choice(values []string) fyne.CanvasObject {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = valueWord(value)
	}
	s := widget.NewSelect(words, nil)
	f.show = func(value string) {
		s.OnChanged = nil
		s.SetSelectedIndex(slices.Index(values, value))
		s.OnChanged = func(string) {
			i := s.SelectedIndex()
			switch {
			case i < 0:
			case values[i] == "allow" && values[i] != f.of.Value && slices.Contains(unasked, f.of.Name):
				f.show(f.of.Value)
				confirm(f.v.w, text.T("settings.unasked_title"), text.T("settings.unasked_text"), text.T("settings.unasked_do"), func() { f.set(values[i]) })
			default:
				f.set(values[i])
			}
		}
	}
	return container.New(fixedWidth(320), s)
}

// toolsets are boxes; all ticked is "", so that toolsets that come later are in.
func (f *field) toolsets() fyne.CanvasObject {
	all := f.v.bridge.Toolsets()
	titles := make([]string, len(all))
	for i, c := range all {
		titles[i] = plain(c.Title, 40)
	}
	g := widget.NewCheckGroup(titles, nil)
	g.Horizontal = true
	f.show = func(value string) {
		g.OnChanged = nil
		held := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		var on []string
		for i, c := range all {
			if len(held) == 0 || slices.Contains(held, c.ID) {
				on = append(on, titles[i])
			}
		}
		g.SetSelected(on)
		g.OnChanged = func(on []string) {
			var ids []string
			for i, c := range all {
				if slices.Contains(on, titles[i]) {
					ids = append(ids, c.ID)
				}
			}
			switch len(ids) {
			case 0: // "" would be all
				f.wrong.SetText(text.T("settings.one_toolset"))
				f.wrong.Show()
				f.show(f.of.Value)
			case len(all):
				f.set("")
			default:
				f.set(strings.Join(ids, ","))
			}
		}
	}
	return g
}

// examples stand in an empty field that has no usual value.
var examples = map[string]string{"tunnel.domain": "name.ngrok-free.dev", "tunnel.url": "https://postern.example.com"}

func (f *field) entry(folder bool) fyne.CanvasObject {
	e := widget.NewEntry()
	e.SetPlaceHolder(cmp.Or(examples[f.of.Name], text.T("settings.by_default")))
	save := newButton(text.T("settings.save"), nil, func() { f.set(e.Text) }).main()
	save.Hide()
	e.OnChanged = func(s string) {
		if s == f.of.Value {
			save.Hide()
		} else {
			save.Show()
		}
	}
	e.OnSubmitted = func(s string) { f.set(s) }
	f.show = func(value string) {
		e.SetText(value)
		save.Hide()
	}
	do := container.NewHBox(save)
	if folder {
		do.Add(newButton(text.T("settings.choose_folder"), theme.FolderOpenIcon(), func() {
			d := dialog.NewFolderOpen(func(at fyne.ListableURI, err error) {
				switch {
				case err != nil:
					f.v.w.app.work.fail(text.T("settings.setting"), err)
				case at != nil:
					e.SetText(at.Path())
				}
			}, f.v.w)
			d.Show()
			d.Resize(f.v.w.Canvas().Size()) // it has no size before it is shown, and crashes
		}))
	}
	return container.NewBorder(nil, nil, nil, do, scrolling(e, f.v.w.turned))
}
