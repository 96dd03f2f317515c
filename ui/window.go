package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// view is one of the window's pages.
type view interface {
	// content is what it shows; the same object as long as the window lives.
	content() fyne.CanvasObject
	// update draws a snapshot into it, and leaves alone what the owner is at.
	update(s desk.Snapshot)
}

// The pages, in their order.
const (
	viewStatus = iota
	viewProfiles
	viewClients
	viewActivity
	viewShare
	viewSettings
)

// window is the one window of the app: pages at the side, what must be known above, what goes on below.
type window struct {
	fyne.Window
	app      *App
	switches *switches
	profiles *profilesView
	settings *settingsView
	share    *shareView
	views    []view
	tabs     []*button
	at       int
	stack    *fyne.Container
	banners  *rows[banner]
	shown    bool
}

func newWindow(a *App) *window {
	w := &window{Window: a.config.Fyne.NewWindow(text.T("app.name")), app: a}
	w.switches = &switches{bridge: a.config.Bridge, work: a.work, window: w}
	w.banners = newRows(func(b banner) string { return b.Kind }, w.bannerRow)
	w.profiles = newProfiles(w)
	w.settings = newSettings(w)
	w.share = newShare(w)
	w.views = []view{newStatus(w), w.profiles, newClients(w), newActivity(w), w.share, w.settings}
	labels := []string{text.T("window.status"), text.T("window.profiles"), text.T("window.clients"), text.T("window.activity"), text.T("window.share"), text.T("window.settings")}
	signs := []fyne.Resource{theme.HomeIcon(), theme.AccountIcon(), theme.ComputerIcon(), theme.HistoryIcon(), theme.UploadIcon(), theme.SettingsIcon()}
	side := container.NewVBox()
	w.stack = container.NewStack()
	for i, v := range w.views {
		tab := newButton(labels[i], signs[i], func() { w.open(i) })
		tab.Alignment = widget.ButtonAlignLeading
		w.tabs = append(w.tabs, tab)
		side.Add(tab)
		w.stack.Add(v.content())
		key := &desktop.CustomShortcut{KeyName: fyne.KeyName(rune('1' + i)), Modifier: fyne.KeyModifierShortcutDefault}
		w.Canvas().AddShortcut(key, func(fyne.Shortcut) { w.open(i) })
	}
	w.SetContent(container.NewBorder(nil, nil, container.NewHBox(container.NewPadded(side), widget.NewSeparator()), nil,
		container.NewBorder(w.banners.box, a.work.box, nil, nil, w.stack)))
	w.SetIcon(a.config.Icons.Idle)
	w.SetCloseIntercept(w.closing)
	w.Resize(fyne.NewSize(860, 620))
	w.open(viewStatus)
	w.update(desk.Snapshot{At: a.config.Now(), Version: a.config.Version})
	return w
}

// open turns to a page, at its top.
func (w *window) open(i int) {
	w.at = i
	w.share.opened()
	if s := w.turned(); s != nil {
		s.ScrollToTop()
	}
	for k, v := range w.views {
		tab := w.tabs[k]
		tab.Importance = widget.LowImportance
		if k == i {
			tab.Importance = widget.HighImportance
			v.content().Show()
		} else {
			v.content().Hide()
		}
		tab.Refresh()
	}
	w.updateBanners(w.app.last)
	w.views[i].update(w.app.last)
}

// update draws a snapshot: the page that is seen, and the others when they are turned to.
func (w *window) update(s desk.Snapshot) {
	w.updateBanners(s)
	w.views[w.at].update(s)
}

// updateBanners shows what must be known on every page, but for what the page itself says.
func (w *window) updateBanners(s desk.Snapshot) {
	var told []string
	switch w.at {
	case viewStatus, viewClients:
		told = []string{"waiting"}
	case viewShare:
		told = []string{"shared", "broken", "tunnel", "limit"}
		if !s.Tunnel.On() {
			told = append(told, "lockdown")
		}
	}
	w.banners.set(slices.DeleteFunc(banners(s, w.app.config.TrayHost), func(b banner) bool { return slices.Contains(told, b.Kind) }))
}

// raise shows the window in front.
func (w *window) raise() {
	w.shown = true
	w.Show()
	w.RequestFocus()
}

// closing is what the owner wants with the cross: to the tray if there is one, else they are asked.
func (w *window) closing() {
	if w.app.config.TrayHost {
		w.shown = false
		w.Hide()
		return
	}
	confirm(w, text.T("window.close_title"), text.T("window.close_text"), text.T("window.close_do"), w.app.quit)
}

// copier is a button that copies a text and says so.
func (w *window) copier(label, content string) *button {
	var b *button
	b = newButton(label, theme.ContentCopyIcon(), func() {
		w.app.config.Fyne.Clipboard().SetContent(content)
		b.SetText(text.T("window.copied"))
		b.SetIcon(theme.ConfirmIcon())
		w.app.work.after(copiedFor, func() {
			b.SetText(label)
			b.SetIcon(theme.ContentCopyIcon())
		})
	})
	return b
}

// page is the frame of a view: a heading that stays, with buttons beside it, and the rest to scroll.
func page(title string, actions, body fyne.CanvasObject) fyne.CanvasObject {
	all := container.NewPadded(body)
	scroll := container.NewVScroll(all)
	all.Layout = endsWith{all.Layout, scroll}
	return container.NewBorder(container.NewPadded(container.NewBorder(nil, nil, nil, middle(actions), heading(title))), nil, nil, nil, scroll)
}

// endsWith is the layout of what is scrolled: Fyne leaves a page that became shorter where it was, past its end.
type endsWith struct {
	of     fyne.Layout
	scroll *container.Scroll
}

// Layout is for Fyne, which moves the content afterwards.
func (l endsWith) Layout(all []fyne.CanvasObject, size fyne.Size) {
	l.of.Layout(all, size)
	l.scroll.Offset.Y = min(l.scroll.Offset.Y, max(0, size.Height-l.scroll.Size().Height))
}

// MinSize is for Fyne.
func (l endsWith) MinSize(all []fyne.CanvasObject) fyne.Size { return l.of.MinSize(all) }

// middle keeps an object as high as it wants to be.
func middle(o fyne.CanvasObject) fyne.CanvasObject {
	if o == nil {
		return nil
	}
	return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
}

// code is a text for a machine, to be copied: in a fixed width, and wrapped anywhere.
func code(s string) *widget.Label {
	l := widget.NewLabel(strings.TrimSpace(s))
	l.TextStyle.Monospace, l.Wrapping, l.Selectable = true, fyne.TextWrapBreak, true
	return l
}
