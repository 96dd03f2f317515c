package ui

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// The longest JSON file that can be an OAuth client, and the address where one is made.
const (
	longestClient = 64 << 10
	googleConsole = "https://console.cloud.google.com/auth/clients"
)

// signIn is the way of a sign-in at Google, from what is wanted to how it ended, on one sheet.
type signIn struct {
	*sheet
	v        *profilesView
	again    string // the profile that signs in again; "" for a new one
	name     *widget.Entry
	services *widget.CheckGroup
	readOnly *widget.Check
	stop     context.CancelFunc // of what is under way
	busy     bool               // it is
	explains bool               // what is missing is what it shows
}

// add begins with a new profile, unless the owner is at one: the menu in the tray can be clicked all the same.
func (v *profilesView) add() {
	if v.sheet != nil && v.sheet.open() {
		return
	}
	s := &signIn{sheet: newSheet(v.w, text.T("profiles.add_title"), 520), v: v}
	v.sheet = s
	s.SetOnClosed(s.cancel)
	s.Show()
	if v.last.GoogleClient == "" {
		s.explain("")
		return
	}
	s.form("")
}

// again signs in anew to a profile that there is.
func (v *profilesView) again(profile string) {
	s := &signIn{sheet: newSheet(v.w, text.T("profiles.again_title", text.Values{"Name": name(profile)}), 520), v: v, again: profile}
	v.sheet = s
	s.SetOnClosed(s.cancel)
	s.Show()
	s.begin()
}

func (s *signIn) cancel() {
	s.explains = false
	if s.stop != nil {
		s.stop()
	}
}

// explain tells what is missing: the owner's OAuth client.
func (s *signIn) explain(wrong string) {
	s.explains = true
	choose := newButton(text.T("profiles.google_choose"), theme.FolderOpenIcon(), func() {
		s.v.openClient(func(id, note string, err error) {
			if err != nil {
				s.explain(sentence(err))
				return
			}
			s.v.last.GoogleClient = id
			s.form(plain(note, longestText))
		})
	}).main()
	all := container.NewVBox(paragraph(text.T("profiles.google_why")),
		column(paragraph(text.T("profiles.google_1")), paragraph(text.T("profiles.google_2")), paragraph(text.T("profiles.google_3")), paragraph(text.T("profiles.google_4"))),
		buttons(newButton(text.T("profiles.google_open"), nil, func() { s.v.w.browse(googleConsole) })))
	s.warn(all, wrong)
	s.page(all, choose, newButton(text.T("window.cancel"), nil, s.Hide), choose)
}

// warn adds what went wrong, if anything did.
func (s *signIn) warn(to *fyne.Container, wrong string) {
	if wrong == "" {
		return
	}
	l := paragraph(wrong)
	l.Importance = widget.DangerImportance
	to.Add(l)
}

// form asks what the profile is to be. What was typed before stays.
func (s *signIn) form(note string) {
	s.explains = false
	if s.name == nil {
		s.name, s.services, s.readOnly = widget.NewEntry(), widget.NewCheckGroup(nil, nil), widget.NewCheck(text.T("profiles.read_only"), nil)
		s.name.SetPlaceHolder(text.T("profiles.name_example"))
		s.services.Horizontal = true
		for _, c := range s.v.bridge.Toolsets() {
			s.services.Append(plain(c.Title, 40))
		}
		s.services.SetSelected(s.services.Options)
		s.name.OnSubmitted = func(string) { s.begin() }
	}
	all := container.NewVBox()
	if note != "" {
		all.Add(newPanel(paragraph(note)).edged(theme.ColorNamePrimary))
	}
	all.Add(column(subheading(text.T("profiles.name")), aside(text.T("profiles.name_hint"))))
	all.Add(scrolling(s.name, s.turned))
	all.Add(column(subheading(text.T("profiles.services")), aside(text.T("profiles.services_hint"))))
	all.Add(s.services)
	all.Add(s.readOnly)
	s.page(all, s.name, newButton(text.T("window.cancel"), nil, s.Hide), newButton(text.T("profiles.begin"), theme.LoginIcon(), s.begin).main())
}

// wanted is what the form says.
func (s *signIn) wanted() (desk.SignIn, error) {
	want := desk.SignIn{Name: strings.TrimSpace(s.name.Text), ReadOnly: s.readOnly.Checked}
	if want.Name == "" {
		return want, errors.New(text.T("profiles.name_missing"))
	}
	if len(s.services.Selected) == 0 {
		return want, errors.New(text.T("profiles.services_missing"))
	}
	if len(s.services.Selected) < len(s.services.Options) {
		for _, c := range s.v.bridge.Toolsets() {
			for _, chosen := range s.services.Selected {
				if plain(c.Title, 40) == chosen {
					want.Toolsets = append(want.Toolsets, c.ID)
				}
			}
		}
	}
	return want, nil
}

// begin signs in, and shows each step.
func (s *signIn) begin() {
	var want desk.SignIn
	if s.again == "" {
		var err error
		if want, err = s.wanted(); err != nil {
			s.form(sentence(err))
			return
		}
	}
	var profile desk.Profile
	var remarks []string
	s.busy = true
	s.waiting(desk.Step{})
	step := func(at desk.Step) { s.v.w.app.do(func() { s.waiting(at) }) }
	s.stop = s.v.w.app.work.start("", func(ctx context.Context) (err error) {
		if s.again != "" {
			profile, remarks, err = s.v.bridge.SignInAgain(ctx, s.again, step)
			return err
		}
		profile, remarks, err = s.v.bridge.AddProfile(ctx, want, step)
		return err
	}, func(err error) {
		s.busy = false
		switch {
		case errors.Is(err, context.Canceled): // the sheet is closed
		case err != nil:
			s.sorry(err)
		default:
			s.done(profile, remarks)
		}
	})
}

// waiting shows that Google waits for the owner.
func (s *signIn) waiting(at desk.Step) {
	if !s.busy && at.URL != "" {
		return // it came late: the sign-in is over
	}
	cancel := newButton(text.T("window.cancel"), nil, s.Hide)
	bar := widget.NewProgressBarInfinite()
	if at.URL == "" {
		s.page(container.NewVBox(paragraph(text.T("profiles.asking_google")), bar), cancel, cancel)
		return
	}
	says := text.T("profiles.browser_opened")
	if !at.Opened {
		says = text.T("profiles.browser_not_opened")
	}
	link := line(at.URL)
	link.TextStyle.Monospace = true
	open := newButton(text.T("profiles.open_link"), nil, func() { s.v.w.browse(at.URL) })
	s.page(container.NewVBox(paragraph(says), bar, aside(text.T("profiles.link_hint")),
		container.NewBorder(nil, nil, nil, container.NewHBox(s.v.w.copier(text.T("profiles.copy_link"), at.URL), open), link)), cancel, cancel)
}

// done shows how well it ended.
func (s *signIn) done(p desk.Profile, remarks []string) {
	good := text.T("profiles.done", text.Values{"Name": name(p.Name), "Email": plain(p.Email, longestLine)})
	all := container.NewVBox(container.NewBorder(nil, nil, lead(theme.ConfirmIcon(), theme.ColorNameSuccess), nil, paragraph(good)))
	for _, r := range remarks {
		all.Add(newPanel(paragraph(plain(r, longestText))).edged(theme.ColorNameWarning))
	}
	all.Add(aside(text.T("profiles.done_next")))
	ok := newButton(text.T("profiles.close"), nil, s.Hide).main()
	s.page(all, ok, ok)
}

// sorry shows why it did not work.
func (s *signIn) sorry(err error) {
	all := container.NewVBox(container.NewBorder(nil, nil, lead(theme.ErrorIcon(), theme.ColorNameError), nil,
		column(subheading(text.T("profiles.failed")), paragraph(sentence(err)))))
	retry := newButton(text.T("profiles.retry"), nil, func() {
		if s.again != "" {
			s.begin()
			return
		}
		s.form("")
	}).main()
	s.page(all, retry, newButton(text.T("profiles.close"), nil, s.Hide), retry)
}

// chooseClient takes a Google client in place of the one that there is.
func (v *profilesView) chooseClient() {
	v.openClient(func(_, note string, err error) {
		switch {
		case err != nil:
			v.w.app.work.fail(text.T("profiles.google_reading"), err)
		case note != "":
			v.w.app.work.news(text.T("profiles.google_kept"), plain(note, longestText))
		default:
			v.w.app.work.news(text.T("profiles.google_kept"), text.T("profiles.google_delete_file"))
		}
	})
}

// openClient lets the owner choose a JSON file, and takes the Google client in it.
func (v *profilesView) openClient(then func(id, note string, err error)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if r == nil && err == nil {
			return
		}
		if err != nil {
			then("", "", err)
			return
		}
		v.importClient(r, then)
	}, v.w)
	d.SetFilter(storage.NewExtensionFileFilter([]string{".json"}))
	d.Show() // first: until then Fyne's dialog has no size to look at, and panics
	d.Resize(v.w.Canvas().Size())
}

// importClient reads a Google client and keeps it.
func (v *profilesView) importClient(r io.ReadCloser, then func(id, note string, err error)) {
	var id, note string
	v.w.app.work.start(text.T("profiles.google_reading"), func(ctx context.Context) error {
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, longestClient))
		if err == nil {
			id, note, err = v.bridge.ImportGoogleClient(ctx, data)
		}
		return err
	}, func(err error) { then(id, note, err) })
}

// browse opens a page of the web.
func (w *window) browse(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		w.app.work.fail(text.T("window.opening_browser"), errors.New(text.T("window.not_an_address")))
		return
	}
	w.app.work.run(text.T("window.opening_browser"), func(context.Context) error { return w.app.config.OpenURL(u) }, nil)
}
