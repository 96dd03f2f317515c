//go:build e2e && soak

package e2e

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	stormLasts = time.Minute
	// changesASecond is what stirring comes to, less what a busy machine may cost.
	changesASecond = 45
	// mayGrow is how much more memory may be taken after the storm than after the warming, in MiB: caches of glyphs and
	// of textures come and go.
	mayGrow = 24
	// goroutinesMayGrow is how many more there may be when all is calm again: of calls that are under way just then.
	goroutinesMayGrow = 15
)

// TestSoakDesktopStorm clicks all over the tray's menu and the windows for a minute, faster than a person can, while what
// they show changes 50 times a second.
func TestSoakDesktopStorm(t *testing.T) {
	a := office(t, testHost)
	a.env = append(a.env, "BROWSER=true") // which opens nothing
	a.start()
	a.shows("Ready")
	a.screen.window("^Postern$")
	a.signal(syscall.SIGHUP)
	began := time.Now()
	tray, mouse := a.stormTray(), a.stormMouse()
	h := a.watch(stormLasts)
	trayClicks, mouseClicks := tray(), mouse()
	took := time.Since(began)
	a.signal(syscall.SIGHUP)

	all := a.stirred()
	if len(all) == 0 {
		t.Fatal("nothing was stirred")
	}
	last := all[len(all)-1]
	t.Logf("%v: %d changes, %d clicks in the menu, %d in the windows", took.Round(time.Second), last.changes, trayClicks, mouseClicks)
	h.log(t)
	if !racing {
		if least := int(stormLasts.Seconds()) * changesASecond; last.changes < least {
			t.Errorf("%d changes, want at least %d", last.changes, least)
		}
		h.flat(t)
	}
	if trayClicks < 500 || mouseClicks < 500 {
		t.Errorf("that was no storm: %d clicks in the menu, %d in the windows", trayClicks, mouseClicks)
	}
	a.calm()
	rest := a.rest(len(all))
	t.Logf("goroutines: %d before the storm, %d in it at most, %d after; heap %d, %d and %d MiB", all[0].goroutines, slices.MaxFunc(all, func(a, b stirring) int { return a.goroutines - b.goroutines }).goroutines,
		rest.goroutines, all[0].heap>>20, last.heap>>20, rest.heap>>20)
	if rest.goroutines > all[0].goroutines+goroutinesMayGrow {
		t.Errorf("%d goroutines, and %d before the storm: some do not end", rest.goroutines, all[0].goroutines)
	}
	a.leave()
}

// racing reports whether the app was built with the race detector, which takes memory and time of its own.
var racing = os.Getenv("POSTERN_TEST_RACE") != ""

// calm fails the test unless the app still does what it is for.
func (a *app) calm() {
	a.t.Helper()
	quiet := within(patience, func() bool { // clicks that still wait may pause it again, or lock it down
		for _, args := range [][]string{{"lockdown", "--lift"}, {"resume"}} {
			if o := a.terminal("", args...); o.code != 0 {
				a.t.Errorf("postern %v: exit %d\n%s", args, o.code, o.stdout)
			}
		}
		return within(3*time.Second, func() bool { ready, err := a.has("Ready"); return ready && err == nil })
	})
	if !quiet {
		menu, err := a.tray.menu(a.cmd.Process.Pid)
		a.t.Fatalf("after the storm the menu shows %q, %v", slices.Collect(maps.Keys(menu)), err)
	}
	if got := a.status(a.t, "x"); got != 401 {
		a.t.Errorf("an unknown token gets %d", got)
	}
	a.screen.wait("the window to go to the tray", func() bool { // clicks that still wait may open it again
		w := a.screen.find("^Postern$")
		if w != "" {
			_ = a.screen.close(w) // it may have gone just then
			time.Sleep(time.Second)
		}
		return w == ""
	})
	a.choose("Open Postern")
	a.screen.window("^Postern$")
}

// rest is what the app says of itself once nobody clicks any more.
func (a *app) rest(before int) stirring {
	a.t.Helper()
	a.signal(syscall.SIGHUP)
	a.wait("the app to say how it is", func() bool { return len(a.stirred()) > before })
	a.signal(syscall.SIGHUP)
	return a.stirred()[before]
}

// leave quits, and fails the test if something went wrong on the way there.
func (a *app) leave() {
	a.t.Helper()
	a.shows("Ready")
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		a.t.Errorf("quit: exit %d", code)
	}
	if said := a.log(); strings.Contains(said, "panic") || strings.Contains(said, "fatal error") {
		a.t.Errorf("something went wrong:\n%s", said)
	}
}

// stormy are the entries of the menu that do no harm, however often they are clicked.
var stormy = []string{"Open Postern", "Copy local address", "Settings…", "Pause all access", "Review", "demo", "Add profile…", "Share on the internet", "Lock down…"}

// stormTray clicks in the menu, without care whether it is being drawn, until stop is called.
func (a *app) stormTray() (stop func() (clicks int)) {
	var over atomic.Bool
	clicks, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for !over.Load() {
			menu, err := a.tray.menu(a.cmd.Process.Pid)
			if err != nil {
				continue // it has gone, which watch sees
			}
			for label, i := range menu {
				if slices.ContainsFunc(stormy, func(s string) bool { return strings.HasPrefix(label, s) }) {
					a.tray.menuOf(a.cmd.Process.Pid).Go("com.canonical.dbusmenu.Event", dbus.FlagNoReplyExpected, nil, i.ID, "clicked", dbus.MakeVariant(""), uint32(0))
					clicks++
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() int { over.Store(true); <-done; return clicks }
}

// stormMouse clicks and types all over the screen, closes windows and turns pages, until stop is called.
func (a *app) stormMouse() (stop func() (clicks int)) {
	a.t.Helper()
	tool := exec.Command(needs(a.t, "xdotool"), "-")
	tool.Env = slices.Concat(os.Environ(), a.screen.env)
	in, err := tool.StdinPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	a.screen.start(tool)
	var over atomic.Bool
	clicks, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		defer in.Close()
		for n := 1; !over.Load(); n++ {
			line := fmt.Sprintf("mousemove %d %d click 1\n", rand.N(1280), rand.N(900))
			switch {
			case n%10 == 0:
				line = fmt.Sprintf("key ctrl+%d\n", 1+rand.N(6))
			case n%33 == 0:
				line = "key " + []string{"Escape", "Tab", "space", "Return"}[rand.N(4)] + "\n"
			case n%100 == 0:
				if w := a.screen.find("^Postern$"); w != "" {
					_ = a.screen.close(w) // it may have gone just then
				}
			}
			if _, err := io.WriteString(in, line); err != nil {
				return
			}
			clicks++
			time.Sleep(15 * time.Millisecond)
		}
	}()
	return func() int { over.Store(true); <-done; return clicks }
}

var stirredLine = regexp.MustCompile(`msg=stirred changes=(\d+) goroutines=(\d+) heap=(\d+)`)

// stirring is what the app says of itself while it is stirred. heap is what lived when garbage was last collected.
type stirring struct{ changes, goroutines, heap int }

func (a *app) stirred() (all []stirring) {
	for _, m := range stirredLine.FindAllStringSubmatch(a.log(), -1) {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // it is digits
		}
		all = append(all, stirring{n[0], n[1], n[2]})
	}
	return all
}
