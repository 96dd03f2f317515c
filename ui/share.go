package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/ui/text"
)

// shareView is the page of the public side: how it stands, who may ask there, how assistants are told, and by which way it
// is reached.
type shareView struct {
	w        *window
	bridge   Bridge
	root     fyne.CanvasObject
	stop     *rows[stopping] // above the page, where it stays when that is scrolled
	head     *rows[sharing]
	near     *rows[detail] // in the head
	details  *rows[detail] // in a panel of their own
	more     *panel        // that panel
	account  *account
	off      *field // nil until the setting is known
	offBox   *fyne.Container
	pairing  *pairing
	guide    *guide
	provider *provider
	meets    *fyne.Container // what is of use once it is set up
	switchOf *button         // shares; nil if the head has none
	kept     bool            // an account was connected, and this page not left since
	focus    bool            // is to go to the switch, once there is one
	asked    bool            // to switch it on, and the bridge has not said yet how that went
	ending   bool            // the same for off
}

// stopping is whether it can be switched off, and is being.
type stopping struct{ Can, Ends bool }

// offAfter is the setting that ends sharing by itself.
const offAfter = "tunnel.off_after"

func newShare(w *window) *shareView {
	v := &shareView{w: w, bridge: w.app.config.Bridge, offBox: container.NewVBox(), pairing: newPairing(w)}
	v.guide = newGuide(w, v.pairing)
	v.account = newAccount(w)
	v.provider = newProvider(w, v.account)
	v.stop = newRows(func(stopping) string { return "" }, v.stopRow)
	list := func() *rows[detail] {
		r := newRows(func(d detail) string { return d.Label }, detailRow)
		r.box.Layout = column().Layout
		return r
	}
	v.near, v.details = list(), list()
	v.more = newPanel(subheading(text.T("share.details")), v.details.box)
	v.head = newRows(func(sharing) string { return "" }, v.headRow)
	v.meets = container.NewVBox(v.pairing.rows.box, v.guide.box, v.more, v.offBox)
	v.root = page(text.T("window.share"), v.stop.box, container.NewVBox(v.head.box, v.account.box, v.meets, v.provider.box))
	v.account.shown = func() { w.turned().ScrollToOffset(v.account.box.Position()) }
	v.account.kept = v.accountKept
	return v
}

func (v *shareView) content() fyne.CanvasObject { return v.root }

func (v *shareView) update(s desk.Snapshot) {
	now := v.w.app.config.Now()
	sh := sharingOf(s, v.asked, v.ending)
	v.stop.set([]stopping{{Can: s.Tunnel.On() && sh.State != tunnel.Connecting, Ends: v.ending}})
	sh.Kept = v.kept
	var near, below []detail
	for _, d := range detailsOf(s, now) {
		if d.Near {
			near = append(near, d)
		} else {
			below = append(below, d)
		}
	}
	v.near.set(near)
	v.details.set(below)
	v.head.set([]sharing{sh})
	v.account.update(sh.State == needed && sh.Provider == settings.Ngrok, s)
	v.updateOff(s.Settings)
	v.pairing.update(s)
	v.guide.update(s)
	v.provider.update(s)
	show(v.more, len(below) > 0)
	show(v.meets, sh.State != needed && sh.State != shut)
	if v.focus && v.switchOf != nil {
		v.focus = false
		v.w.Canvas().Focus(v.switchOf)
	}
}

// show shows an object, or hides it.
func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// accountKept leads to what comes next, at the top, where it is said that the account is connected.
func (v *shareView) accountKept(s desk.Snapshot) {
	if v.w.at == viewShare {
		v.kept, v.focus = true, true
		v.w.turned().ScrollToTop()
	}
	v.w.app.draw(s)
}

// opened is told that the page is turned to.
func (v *shareView) opened() { v.kept, v.focus = false, false }

// updateOff shows after how long sharing ends by itself.
func (v *shareView) updateOff(all []desk.Setting) {
	for _, one := range all {
		switch {
		case one.Name != offAfter:
		case v.off == nil:
			v.off = v.w.settings.newField(one)
			v.offBox.Add(newPanel(v.off.box))
		default:
			v.off.update(one)
		}
	}
}

func (v *shareView) stopRow(s stopping) fyne.CanvasObject {
	b := newButton(text.T("share.stop"), nil, v.switchOff)
	switch {
	case s.Ends:
		b.SetText(text.T("share.stopping"))
		b.Disable()
	case !s.Can:
		return container.NewStack()
	}
	return b.main()
}

// switchOn shares.
func (v *shareView) switchOn() {
	if v.asked {
		return
	}
	v.asked, v.kept, v.focus = true, false, false
	v.call(v.bridge.ShareOn, func(s desk.Snapshot, err error) {
		v.asked = false
		switch {
		case err == nil:
			v.w.app.work.mended(text.T("share.switching_on"))
		case errors.Is(err, context.Canceled):
		case s.Tunnel.State == tunnel.Failed: // then the page says why
			v.w.open(viewShare)
			v.w.raise()
		default:
			v.w.app.work.fail(text.T("share.switching_on"), err)
		}
	})
}

// switchOff ends that, at once.
func (v *shareView) switchOff() {
	if v.ending {
		return
	}
	v.ending = true
	v.call(v.bridge.ShareOff, func(_ desk.Snapshot, err error) {
		v.ending = false
		switch {
		case err == nil:
			v.w.app.work.mended(text.T("share.switching_off"))
		case !errors.Is(err, context.Canceled):
			v.w.app.work.fail(text.T("share.switching_off"), err)
		}
	})
}

// call has the bridge do something, and shows how it stands then. The page shows that it goes on.
func (v *shareView) call(do func(context.Context) error, done func(desk.Snapshot, error)) {
	v.update(v.w.app.last)
	var after desk.Snapshot
	var unknown error
	v.w.app.work.start("", func(ctx context.Context) error {
		err := do(ctx)
		after, unknown = v.bridge.Snapshot(ctx, v.w.app.config.Version)
		return err
	}, func(err error) {
		done(after, err)
		if unknown == nil && !after.At.Before(v.w.app.last.At) {
			v.w.app.draw(after)
		}
		v.update(v.w.app.last)
	})
}
