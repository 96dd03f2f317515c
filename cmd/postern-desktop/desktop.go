//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	fynedesktop "fyne.io/fyne/v2/driver/desktop"

	"postern/internal/autostart"
	"postern/internal/bridge"
	"postern/internal/control"
	"postern/internal/desk"
	"postern/internal/sessionbus"
	"postern/ui"
	"postern/ui/popup"
	"postern/ui/text"
)

// How long things take at most.
const (
	raising   = 2 * time.Second        // until the running app has shown its window
	hostAsked = time.Second            // until the session bus has said whether there is a tray
	trayComes = 5 * time.Second        // at login, until the desktop has one
	lookAgain = 250 * time.Millisecond // between two looks for it
	settles   = 5 * time.Second        // after the start, until all is there
	letsGo    = 300 * time.Millisecond // after quitting, until Fyne is done
	closing   = 1500 * time.Millisecond
)

var (
	errShown   = errors.New("the app that runs already has shown its window")
	errCrashed = errors.New("the window has crashed; nothing that was kept is lost: start Postern again")
)

// desktop is the app while it runs.
type desktop struct {
	options options
	log     tee
	bridge  *bridge.Bridge
	asker   *asker

	app       fyne.App
	ui        *ui.App
	questions *popup.Desk
	wake      chan struct{} // tries again to serve clients
	left      chan struct{} // closed when the owner has quit
	leave     func()        // closes it
}

// open opens the bridge.
func open(o options, errOut io.Writer) (*desktop, error) {
	dir, err := bridge.StateDir("", os.Getenv)
	if err != nil {
		return nil, err
	}
	d := &desktop{options: o, log: openLog(dir, errOut), asker: &asker{}, wake: make(chan struct{}, 1), left: make(chan struct{})}
	d.leave = sync.OnceFunc(func() { close(d.left) })
	if d.bridge, err = d.openBridge(o.demo); err != nil || !o.demoIfNew || o.demo {
		return d, err
	}
	profiles, err := d.bridge.Profiles.List(context.Background())
	if err != nil || len(profiles) > 0 {
		return d, err
	}
	if err := d.bridge.Close(); err != nil {
		return nil, err
	}
	d.bridge, err = d.openBridge(true)
	return d, err
}

func (d *desktop) openBridge(demo bool) (*bridge.Bridge, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program: %w", err)
	}
	return bridge.Open(context.Background(), bridge.Config{Demo: demo, Log: d.log, Browser: d.browse, Ask: d.asker.ask, Reader: []string{self, readVerb}})
}

// run shows the app until the owner quits, or is asked to by the system.
func (d *desktop) run() (err error) {
	defer func() { err = errors.Join(err, d.bridge.Close(), d.log.file.Close()) }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	attended, ready := make(chan error, 1), make(chan struct{})
	go func() { attended <- d.bridge.Attend(ctx, version(), func() { close(ready) }) }()
	select {
	case err := <-attended:
		return d.second(ctx, err)
	case <-ready:
	}
	life, end := context.WithCancel(ctx)
	var group sync.WaitGroup
	finish := sync.OnceFunc(func() {
		end()
		d.finish(&group, cancel, attended)
	})
	gone := make(chan struct{})
	go d.insist(gone, finish)
	crash := d.show(life, &group)
	close(gone)
	finish()
	return crash
}

// finish waits for what serves, which has been told to end, and then lets go of the state.
func (d *desktop) finish(group *sync.WaitGroup, cancel func(), attended <-chan error) {
	within := time.NewTimer(closing)
	defer within.Stop()
	done := make(chan struct{})
	go func() {
		group.Wait()
		cancel() // which the other processes of the owner notice, so it is last
		<-attended
		close(done)
	}()
	select {
	case <-done:
	case <-within.C: // the owner has quit; what still runs ends with the process
		d.bridge.Log.Warn("some calls did not end in time")
	}
}

// insist ends the program in order when the owner has quit and Fyne does not come back. It empties the queue of what is to
// be done on its thread only as far as it sees it at that moment, and then may wait for ever for what came a moment later.
func (d *desktop) insist(gone <-chan struct{}, finish func()) {
	select {
	case <-d.left:
	case <-gone:
		return
	}
	select {
	case <-gone:
		return
	case <-time.After(letsGo):
	}
	finish()
	d.bridge.Log.Info("the window was not gone in time")
	_ = errors.Join(d.bridge.Close(), d.log.file.Close()) // there is nobody to tell any more
	os.Exit(exitDone)
}

// second is what is left to do for a program that is not the first: to show the window of that one.
func (d *desktop) second(ctx context.Context, err error) error {
	var running *control.RunningError
	if !errors.As(err, &running) {
		return err
	}
	within, cancel := context.WithTimeout(ctx, raising)
	defer cancel()
	if err := d.bridge.ShowRunning(within); err != nil {
		return err
	}
	return errShown
}

// show runs the windows. It returns when they are gone: errCrashed if that was not meant.
func (d *desktop) show(ctx context.Context, group *sync.WaitGroup) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.bridge.Log.Error("the window has crashed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errCrashed
		}
	}()
	cacheFolder()
	app.SetMetadata(fyne.AppMetadata{ID: autostart.ID, Name: "Postern", Version: version(), Build: 1, Icon: appIcon(), Migrations: map[string]bool{"fyneDo": true}})
	d.app = app.NewWithID(autostart.ID)
	d.app.SetIcon(appIcon())
	if err := text.Load(); err != nil {
		return err
	}
	tray, hasTray := d.app.(fynedesktop.App)
	hasTray = hasTray && d.trayHost(ctx)
	snapshots := make(chan desk.Snapshot, 1)
	d.questions = popup.New(d.app, d.bridge.Answer, d.bridge.BlockClient, nil, nil)
	d.questions.Revise = d.bridge.Revise
	d.ui = ui.New(ui.Config{
		Fyne: d.app, Bridge: windowed{d.bridge, d.asker}, Questions: d.questions, Autostart: login{}, Apps: apps{}, Command: command(), Version: version(), Icons: trayIcons(), TrayHost: hasTray,
		OpenURL: func(u *url.URL) error { return openURL(d.app, u) }, Quit: d.quit, Retry: d.retry, Seen: func(s desk.Snapshot) { newest(snapshots, s) },
	})
	if tray != nil { // also without a host: one may come, and be found by the library
		d.ui.Tray(tray)
	}
	d.asker.use(d.app)
	defer d.asker.end()
	if !d.options.hidden || !hasTray {
		d.ui.ShowWindow()
	}
	d.bridge.OnShow(func() {
		d.retry()
		fyne.Do(d.ui.ShowWindow)
	})
	defer d.bridge.OnShow(nil)
	defer d.bridge.AddDesktopFace()()
	n := d.newNotifier()
	group.Go(func() {
		n.Start(ctx)
		d.tell(ctx, n, snapshots)
		if err := n.Close(); err != nil {
			d.bridge.Log.Debug("letting go of the desktop", "error", err)
		}
	})
	group.Go(func() { d.serve(ctx) })
	group.Go(func() { d.ui.Run(ctx) })
	go d.bridge.LookAtVault(ctx) // it may wait for a keychain longer than we live
	d.app.Lifecycle().SetOnStarted(func() {
		group.Go(func() { d.obey(ctx) })
		time.AfterFunc(settles, debug.FreeOSMemory) // of what the start took; Go keeps it for long where little happens
	})
	breakWhenAsked()
	tellWhenAsked()
	d.stirWhenAsked(ctx)
	d.app.Run()
	return nil
}

// cacheFolder makes the folder in which Fyne makes its own, and without which it complains.
func cacheFolder() {
	if cache, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(cache, 0o700)
	}
}

// trayHost reports whether there is a tray. At login the desktop may be slower than the programs it starts.
func (d *desktop) trayHost(ctx context.Context) bool {
	until := time.Now().Add(trayComes)
	for {
		within, cancel := context.WithTimeout(ctx, hostAsked)
		has := sessionbus.TrayHost(within)
		cancel()
		if has || !d.options.hidden || time.Now().After(until) {
			return has
		}
		time.Sleep(lookAgain)
	}
}

// quit denies what is asked, and ends the windows. It is called on the UI thread.
func (d *desktop) quit() {
	d.questions.Close()
	d.leave()
	d.app.Quit()
}

// obey quits when the system wants the program to end: at log-out, and when it is stopped.
func (d *desktop) obey(ctx context.Context) {
	// Fyne's own handler would leave what is asked unanswered.
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(asked)
	select {
	case <-asked:
		fyne.Do(d.quit)
	case <-ctx.Done():
	}
}

// newest puts a snapshot where the one before may still wait to be seen.
func newest(snapshots chan desk.Snapshot, s desk.Snapshot) {
	for {
		select {
		case snapshots <- s:
			return
		default:
		}
		select {
		case <-snapshots:
		default:
		}
	}
}

// login is the start at login of this program.
type login struct{ autostart.Login }

// Autostart reports whether the program starts at login.
func (l login) Autostart() (bool, error) { return l.Is() }

// SetAutostart lets it, or not.
func (l login) SetAutostart(on bool) error {
	if on {
		return l.On()
	}
	return l.Off()
}
