// Package ui is the face of a bridge on the owner's desktop: the tray menu and the window. It draws snapshots and sends back
// what the owner wants; it holds no truth of its own, and does nothing that may take long on the UI thread.
package ui

import (
	"context"
	"net/url"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"postern/internal/desk"
	"postern/ui/popup"
)

// Icons are the tray icon's pictures, one for each state.
type Icons struct{ Idle, Shared, Trouble, Waiting fyne.Resource }

// Config is what an App is made of. Fyne and Bridge are needed; the rest has a default.
type Config struct {
	Fyne      fyne.App
	Bridge    Bridge
	Questions Questions // the pop-up; package popup's, if nil
	Autostart Autostart // nil: cannot be set
	Apps      Apps      // nil: are not known
	Version   string
	Command   string // how the command line is called, for the clients that start it; "postern" if empty
	Icons     Icons
	TrayHost  bool                 // there is a tray to close the window to
	OpenURL   func(*url.URL) error // Fyne's, if nil
	Quit      func()               // Fyne's, if nil
	Retry     func()               // opens the vault and serves clients, if that did not work: asks the owner again; may be nil
	Now       func() time.Time     // time.Now, if nil
	Do        func(func())         // onto the UI thread; fyne.Do, if nil
	Every     time.Duration        // how often to look without being told; 5 s, if 0
	Seen      func(desk.Snapshot)  // gets each snapshot that differs from the last, off the UI thread; may be nil
}

// App is the window, the tray menu and the loop that keeps them true. Its methods are called on the UI thread, but for Run.
type App struct {
	config Config
	do     func(func())
	work   *work
	window *window       // nil until it is wanted: see win
	last   desk.Snapshot // what is drawn
	drawn  bool          // anything was: the app runs

	tray     desktop.App // nil without one
	trayMenu *fyne.Menu
	entries  []entry // what trayMenu shows
	icon     State
	stop     context.CancelFunc
}

// New returns an App whose window is not shown yet.
func New(c Config) *App {
	if c.OpenURL == nil {
		c.OpenURL = c.Fyne.OpenURL
	}
	if c.Quit == nil {
		c.Quit = c.Fyne.Quit
	}
	if c.Retry == nil {
		c.Retry = func() {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Do == nil {
		c.Do = fyne.Do
	}
	if c.Every == 0 {
		c.Every = 5 * time.Second
	}
	if c.Command == "" {
		c.Command = "postern"
	}
	if c.Questions == nil {
		questions := popup.New(c.Fyne, c.Bridge.Answer, c.Bridge.BlockClient, c.Now, c.Do)
		questions.Revise = c.Bridge.Revise
		c.Questions = questions
	}
	c.Fyne.Settings().SetTheme(Look())
	a := &App{config: c, do: c.Do}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.work = newWork(ctx, a.do, func(f func()) { go f() }, func(d time.Duration, f func()) {
		time.AfterFunc(d, func() { a.do(f) })
	})
	a.work.show = a.ShowWindow
	return a
}

// The rhythm of the loop.
const (
	settling = 50 * time.Millisecond // after a change, until the store has all of it
	apart    = time.Second           // at least, between two drawings: see drawTray
)

// Run takes snapshots until ctx ends: when the bridge says that something changed, at most once a second, and now and then.
// It is not for the UI thread.
func (a *App) Run(ctx context.Context) {
	defer a.stop()
	var last desk.Snapshot
	for {
		changed, begun := a.config.Bridge.Changed(), time.Now()
		s, err := a.config.Bridge.Snapshot(ctx, a.config.Version)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s = last
			s.Trouble, s.Serving = sentence(err), false
		}
		if a.config.Seen != nil && !same(s, last) {
			a.config.Seen(s)
		}
		last = s
		a.do(func() { a.draw(s) })
		select {
		case <-ctx.Done():
		case <-time.After(a.config.Every):
		case <-changed:
			select {
			case <-ctx.Done():
			case <-time.After(max(settling, apart-time.Since(begun))):
			}
		}
	}
}

// same reports whether two snapshots differ in nothing but when they were taken.
func same(a, b desk.Snapshot) bool {
	a.At, b.At = time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

// draw shows a snapshot.
func (a *App) draw(s desk.Snapshot) {
	a.last, a.drawn = s, true
	a.drawTray()
	a.config.Questions.Update(s.Loud())
	if a.window != nil {
		a.window.update(s)
	}
}

// win returns the window. It is made when it is first wanted: with its texts it takes 15 MiB, mostly fonts, which an app
// that waits in the tray can do without.
func (a *App) win() *window {
	if a.window == nil {
		a.window = newWindow(a)
		a.window.update(a.last)
	}
	return a.window
}

// Tray puts the menu and the icon into a tray.
func (a *App) Tray(tray desktop.App) {
	a.tray, a.trayMenu, a.entries = tray, fyne.NewMenu(""), nil
	tray.SetSystemTrayIcon(a.config.Icons.of(a.icon))
	a.drawTray()
}

// drawTray changes what has changed, and nothing else: a menu that is drawn anew closes under the owner's hand.
func (a *App) drawTray() {
	if a.tray == nil {
		return
	}
	if now := menu(a.last); !reflect.DeepEqual(now, a.entries) {
		a.entries = now
		a.trayMenu.Items = fyneMenu(now, a.choose)
		a.tray.SetSystemTrayMenu(a.trayMenu)
	}
	if now := state(a.last); now != a.icon {
		a.icon = now
		a.tray.SetSystemTrayIcon(a.config.Icons.of(now))
	}
}

// choose does what an entry of the menu is for.
func (a *App) choose(e entry) {
	switch e.Intent {
	case review:
		a.ShowRequests()
	case openWindow:
		a.ShowWindow()
	case copyLocal, copyPublic:
		a.config.Fyne.Clipboard().SetContent(e.Arg)
	case useProfile:
		a.win().profiles.use(e.Arg)
	case addProfile:
		a.win().open(viewProfiles)
		a.ShowWindow()
		a.win().profiles.add()
	case share:
		a.share(e.Arg)
	case pause:
		a.win().switches.pause(e.Arg == "")
	case lockdown:
		a.ShowWindow()
		a.win().switches.lockdown()
	case lift:
		a.ShowWindow()
		a.win().switches.lift()
	case openSettings:
		a.win().open(viewSettings)
		a.ShowWindow()
	case quit:
		a.quit()
	}
}

// share switches sharing on or off, or shows the page, where something must be done first.
func (a *App) share(what string) {
	switch what {
	case "on":
		a.win().share.switchOn()
	case "off":
		a.win().share.switchOff()
	default:
		a.win().open(viewShare)
		a.ShowWindow()
	}
}

// quit ends the app: what is asked is denied, and what is under way is ended.
func (a *App) quit() {
	a.config.Questions.Close()
	a.stop()
	a.config.Quit()
}

// ShowWindow opens the window, or raises it.
func (a *App) ShowWindow() { a.win().raise() }

// ShowRequests puts what waits to the owner, also what does not show by itself: a client from outside that came when none
// was expected. To look at one is to expect it, so it opens the pairing window.
func (a *App) ShowRequests() {
	if len(a.last.Waiting) == 0 {
		a.win().open(viewClients)
		a.ShowWindow()
		return
	}
	if a.last.Unexpected() && a.last.PairingUntil.IsZero() {
		newPairing(a.win()).open()
	}
	a.config.Questions.Review(a.last.Waiting)
}
