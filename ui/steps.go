package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// stepsHidden is the preference by which the owner has put the first steps away.
const stepsHidden = "steps.hidden"

// steps are what a newcomer does first, and how far they are.
type steps struct {
	Vault  string // where secrets are
	None   bool   // nowhere yet: the owner must choose
	Google bool   // the Google client is there
	Signed bool   // a profile is
	Client bool   // a client was let in
}

// stepsOf returns the steps, as long as they are not all done or put away.
func (v *statusView) stepsOf(s desk.Snapshot) []steps {
	if v.w.app.config.Fyne.Preferences().Bool(stepsHidden) {
		return nil
	}
	st := steps{Vault: plain(s.Vault.Kind, longestLine), None: s.Vault.None, Google: s.GoogleClient != ""}
	for _, p := range s.Profiles {
		st.Signed = st.Signed || !p.Sample
	}
	for _, c := range s.Clients {
		st.Client = st.Client || len(c.Grants) > 0
	}
	st.Client = st.Client || v.apps.connected() // such a one starts Postern itself, and is not let in
	if st.Signed && st.Client {
		return nil
	}
	return []steps{st}
}

func (v *statusView) stepsRow(s steps) fyne.CanvasObject {
	secrets := text.T("window.step_secrets")
	if s.Vault != "" {
		secrets = text.T("window.step_secrets_in", text.Values{"Vault": s.Vault})
	}
	var choose fyne.CanvasObject
	if s.None {
		choose = newButton(text.T("window.vault_choose"), nil, v.w.chooseVault).main()
	}
	var google fyne.CanvasObject
	switch {
	case s.Signed || s.None: // a sign-in could not be kept
	case s.Google:
		google = newButton(text.T("window.step_sign_in_do"), nil, v.w.addProfile).main()
	default:
		google = newButton(text.T("window.step_google_do"), nil, v.w.addProfile).main()
	}
	var start fyne.CanvasObject
	if v.w.app.config.Autostart != nil {
		start = newButton(text.T("window.step_start_do"), nil, func() { v.w.open(viewSettings) })
	}
	hide := newButton(text.T("window.steps_hide"), nil, func() {
		v.w.app.config.Fyne.Preferences().SetBool(stepsHidden, true)
		v.w.update(v.w.app.last)
	}).quiet()
	return newPanel(
		container.NewBorder(nil, nil, nil, hide, subheading(text.T("window.steps"))),
		stepRow(1, !s.None, text.T("window.step_what"), secrets, choose),
		stepRow(2, s.Signed, text.T("window.step_google"), text.T("window.step_google_text"), google),
		stepRow(3, s.Client, text.T("window.step_client"), text.T("window.step_client_text"), nil),
		stepRow(4, false, text.T("window.step_start"), text.T("window.step_start_text"), start),
	)
}

func stepRow(n int, done bool, title, says string, do fyne.CanvasObject) fyne.CanvasObject {
	return numbered(n, done, column(subheading(title), aside(says)), do)
}

// numbered is a step, with its number or that it is done before it, and behind it the button that does it, or nil.
func numbered(n int, done bool, says, do fyne.CanvasObject) fyne.CanvasObject {
	var sign fyne.CanvasObject
	if done {
		sign = lead(theme.ConfirmIcon(), theme.ColorNameSuccess)
	} else {
		number := widget.NewLabel(strconv.Itoa(n))
		number.TextStyle.Bold, number.Importance = true, widget.HighImportance
		sign = container.NewVBox(number)
	}
	if do != nil {
		do = container.NewCenter(do)
	}
	return container.NewBorder(nil, nil, container.New(fixedWidth(32), sign), do, says)
}

// fixedWidth lays its one object out that wide.
type fixedWidth float32

func (w fixedWidth) Layout(all []fyne.CanvasObject, size fyne.Size) {
	for _, o := range all {
		o.Resize(fyne.NewSize(float32(w), size.Height))
	}
}

func (w fixedWidth) MinSize(all []fyne.CanvasObject) fyne.Size {
	m := fyne.NewSize(float32(w), 0)
	for _, o := range all {
		m.Height = max(m.Height, o.MinSize().Height)
	}
	return m
}
