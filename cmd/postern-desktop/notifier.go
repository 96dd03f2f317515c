//go:build cgo

package main

import (
	"context"
	"runtime"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"postern/assets/icons"
	"postern/internal/desk"
	"postern/internal/notify"
	"postern/ui/text"
)

// toldShared remembers that the owner knows what sharing is.
const toldShared = "told.shared"

// notifyPatience is how long the desktop may take to show a notification.
const notifyPatience = 5 * time.Second

// words are what a notification says.
func words(k notify.Kind) notify.Words {
	switch k {
	case notify.RequestWaits:
		return notify.Words{Title: text.T("notify.request.title"), Body: text.T("notify.request.body"), Action: text.T("notify.action")}
	case notify.SignInAgain:
		return notify.Words{Title: text.T("notify.profile.title"), Body: text.T("notify.profile.body"), Action: text.T("notify.open")}
	case notify.TunnelFailed:
		return notify.Words{Title: text.T("notify.tunnel.title"), Body: text.T("notify.tunnel.body"), Action: text.T("notify.open")}
	}
	return notify.Words{Title: text.T("notify.shared.title"), Body: text.T("notify.shared.body"), Action: text.T("notify.open")}
}

func (d *desktop) newNotifier() *notify.Notifier {
	n := &notify.Notifier{Words: words, Icon: icons.Tray(icons.Idle), Log: d.bridge.Log}
	n.Opened = func(k notify.Kind) {
		fyne.Do(func() {
			if k == notify.RequestWaits {
				d.ui.ShowRequests()
				return
			}
			d.ui.ShowWindow()
		})
	}
	if runtime.GOOS != "linux" { // there it would be the same server, asked a second time
		n.Send = func(title, body string) {
			d.app.SendNotification(fyne.NewNotification(title, body))
		}
	}
	return n
}

// tell shows what has changed since the snapshot before, one after the other.
func (d *desktop) tell(ctx context.Context, n *notify.Notifier, snapshots <-chan desk.Snapshot) {
	var before desk.Snapshot
	for {
		var now desk.Snapshot
		select {
		case <-ctx.Done():
			return
		case now = <-snapshots:
		}
		show, withdraw := notify.Changed(before, now)
		before = now
		if slices.Contains(show, notify.FirstShared) {
			if d.app.Preferences().Bool(toldShared) {
				show = slices.DeleteFunc(show, func(k notify.Kind) bool { return k == notify.FirstShared })
			}
			d.app.Preferences().SetBool(toldShared, true)
		}
		within, cancel := context.WithTimeout(ctx, notifyPatience)
		for _, k := range withdraw {
			n.Withdraw(within, k)
		}
		for _, k := range show {
			n.Show(within, k)
		}
		cancel()
	}
}
