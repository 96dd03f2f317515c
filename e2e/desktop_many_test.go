//go:build e2e && soak

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	// questions are put by programs on this computer, so many side by side that the window seldom has nothing to show.
	questions  = 200
	sideBySide = 6
	// answered is how long a program may take to hear of the owner's answer; for an Allow that was still dead it never does.
	answered = 3 * time.Second
)

// TestSoakDesktopQuestions puts 200 questions to the owner, one after another, who answers them in every way there is.
func TestSoakDesktopQuestions(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	a.shows("Ready")
	windows := a.windows()
	a.signal(syscall.SIGHUP)
	a.wait("the app to say how it is", func() bool { return len(a.stirred()) > 0 })
	a.signal(syscall.SIGHUP)
	first := a.stirred()
	a.hides("Review")

	began := time.Now()
	settled, sent, wait := a.askMany()
	h := &health{}
	for before := 0; settled.Load() < questions; {
		if time.Since(began) > 20*time.Minute {
			t.Fatalf("%d of %d are answered after %v", settled.Load(), questions, time.Since(began))
		}
		w := a.question()
		before = int(settled.Load())
		a.answer(w, before)
		within(answered, func() bool { return int(settled.Load()) > before })
		if before%5 == 0 || before == questions-1 {
			a.holds(h)
		}
	}
	wait()
	a.gone()
	t.Logf("%d questions in %v, %d allowed", questions, time.Since(began).Round(time.Second), sent.Load())
	h.log(t)
	if sent.Load() < questions/8 || sent.Load() > questions/2 {
		t.Errorf("%d were allowed, want about a quarter", sent.Load())
	}
	if !racing {
		h.flat(t)
	}
	if now := a.windows(); now > windows {
		t.Errorf("%d windows, %d before: some are never closed", now, windows)
	}
	rest := a.rest(len(first))
	t.Logf("windows: %d before, %d after; goroutines: %d and %d; heap: %d and %d MiB", windows, a.windows(), first[0].goroutines, rest.goroutines, first[0].heap>>20, rest.heap>>20)
	if rest.goroutines > first[0].goroutines+goroutinesMayGrow {
		t.Errorf("%d goroutines, and %d before: some do not end", rest.goroutines, first[0].goroutines)
	}
	a.calm()
	a.leave()
}

// question returns the pop-up. After five in a minute none comes by itself, and the owner looks into the tray.
func (a *app) question() (window string) {
	a.t.Helper()
	shown := func() bool { window = a.screen.find(popUp); return window != "" }
	a.screen.wait("a question", func() bool {
		if within(2*time.Second, shown) {
			return true
		}
		menu, err := a.tray.menu(a.cmd.Process.Pid)
		for label := range menu {
			if strings.HasPrefix(label, "Review") && err == nil {
				_ = a.tray.choose(a.cmd.Process.Pid, label) // the menu may be drawn just then: it is tried again
			}
		}
		return within(2*time.Second, shown)
	})
	return window
}

// answer is the owner: Deny, Esc, the cross and Allow in turn.
func (a *app) answer(window string, n int) {
	switch n % 4 {
	case 0:
		a.clicks(window, a.spot(popUp, labelled("Deny")))
	case 1:
		_ = a.screen.key(window, "Escape") // it may have gone just then
	case 2:
		_ = a.screen.close(window)
	case 3:
		time.Sleep(1100 * time.Millisecond) // for which Allow is dead, as it must be
		a.clicks(window, a.spot(popUp, labelled("Allow")))
	}
}

// labelled fits what has that label.
func labelled(label string) func(control) bool {
	return func(c control) bool { return c.Text == label }
}

// askMany starts programs that want to send mail. It counts those that have got an answer, and those that have sent.
func (a *app) askMany() (settled, sent *atomic.Int32, wait func()) {
	settled, sent = &atomic.Int32{}, &atomic.Int32{}
	next := &atomic.Int32{}
	var group sync.WaitGroup
	for range sideBySide {
		group.Go(func() {
			for n := next.Add(1); n <= questions; n = next.Add(1) {
				o := a.postern("tools", "call", "gmail_send", "--demo", "to=anna@example.com", fmt.Sprintf("subject=Number %d", n), "body_md=As every week.")
				if o.code == 0 && !strings.Contains(o.stdout+o.stderr, "denied") {
					sent.Add(1)
				}
				settled.Add(1)
			}
		})
	}
	return settled, sent, group.Wait
}

// windows counts the windows of the app, hidden ones too.
func (a *app) windows() int {
	a.t.Helper()
	ids, err := a.screen.seat.(xSeat).run("xdotool", "search", "--pid", fmt.Sprint(a.cmd.Process.Pid))
	if err != nil {
		a.t.Fatalf("counting the windows: %v", err)
	}
	return len(strings.Fields(ids))
}
