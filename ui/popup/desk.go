package popup

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"postern/internal/approval"
	"postern/ui/text"
)

// phase is what the window is doing.
type phase int

const (
	closed  phase = iota // there is no window
	asking               // it shows a question
	editing              // the owner changes what is asked about
	sending              // an answer, or a change, is on its way
	telling              // it says what became of a question
)

// How long things take.
const (
	beat       = 200 * time.Millisecond // between looks at the clock
	briefly    = 3 * time.Second        // a notice that asks nothing of the owner
	noticeably = 30 * time.Second       // one that the owner should read
	answering  = 10 * time.Second       // at most, for an answer to be kept
	parting    = 2 * time.Second        // at most, for the last no when quitting
)

// Desk is the one window in which questions are put to the owner. Its methods are called on the UI thread.
type Desk struct {
	// Revise has an action changed before it is done, by Edit.Name; it is called on a goroutine of its own. Without it
	// nothing can be changed.
	Revise func(ctx context.Context, id string, changes map[string]string) error

	app    fyne.App
	answer func(ctx context.Context, id string, a approval.Answer) error
	block  func(ctx context.Context, clientID string) error
	now    func() time.Time
	do     func(func()) // onto the UI thread
	// ticking calls back every beat until it is stopped; a test has none.
	ticking func(func()) (stop func())
	parting time.Duration

	turns  *turns
	window fyne.Window
	phase  phase
	card   *card
	choice *choice
	draft  *draft // what the owner makes of the shown question, until it is made so or they go back
	hands  *hands
	until  time.Time // telling: when to go on
	follow bool      // telling: the owner has settled the question that it speaks of
	alarm  string    // asking: why the last answer was not taken
	stop   func()    // the ticking; nil when nothing waits
	ended  bool

	life   context.Context // of the answers
	cancel context.CancelFunc
	flying sync.WaitGroup // answers on their way
}

// New returns a desk without a window. answer and block are called on a goroutine of their own; do hops onto the UI
// thread, nil means fyne.Do; now nil means time.Now.
func New(app fyne.App, answer func(ctx context.Context, id string, a approval.Answer) error, block func(ctx context.Context, clientID string) error, now func() time.Time, do func(func())) *Desk {
	if now == nil {
		now = time.Now
	}
	if do == nil {
		do = fyne.Do
	}
	d := &Desk{app: app, answer: answer, block: block, now: now, do: do, parting: parting, turns: newTurns()}
	d.ticking = d.tickForReal
	d.hands = &hands{attention: &attention{now: now}, escape: d.escape, pause: d.rest, grown: d.grown,
		bring: func(o fyne.CanvasObject) { d.see(func(s *sight) { s.bring(o) }) }, scroll: func(key fyne.KeyName) { d.see(func(s *sight) { s.key(key) }) }}
	d.life, d.cancel = context.WithCancel(context.Background())
	return d
}

// Update takes the questions of a snapshot that show by themselves, oldest first. It opens, keeps or closes the window.
func (d *Desk) Update(loud []approval.Request) {
	if d.ended {
		return
	}
	d.turns.update(loud)
	d.advance()
	d.tick(len(loud) > 0)
}

// Review shows what waits because the owner asks to see it, quiet questions too. What is shown already stays, and is
// raised.
func (d *Desk) Review(all []approval.Request) {
	if d.ended {
		return
	}
	d.turns.ask(all)
	if d.window == nil {
		d.next(true)
		return
	}
	d.window.RequestFocus()
	if d.phase == telling && len(d.turns.open(d.now())) > 0 {
		d.next(true) // a notice holds nothing back that the owner asks to see
		return
	}
	d.hands.startle()
	d.redraw()
}

// Close says no to the question that is shown and closes the window for good. It waits at most two seconds for the no
// to be kept, and for an answer that was given just before.
func (d *Desk) Close() {
	if d.ended {
		return
	}
	if d.phase == asking || d.phase == editing {
		d.send(d.choice.no(), nil)
	}
	d.ended = true
	d.shut()
	kept := make(chan struct{})
	go func() { d.flying.Wait(); close(kept) }()
	late := time.NewTimer(d.parting)
	defer late.Stop()
	select {
	case <-kept:
	case <-late.C:
	}
	d.cancel()
}

// advance follows the clock and the newest snapshot.
func (d *Desk) advance() {
	now := d.now()
	switch d.phase {
	case closed:
		d.next(false)
		return
	case asking, editing:
		switch {
		case !now.Before(d.turns.shown.ExpiresAt):
			d.ranOut(false)
		case d.turns.gone(d.turns.shown):
			d.turns.settled(false)
			d.tell(text.T("popup.elsewhere"), briefly, false)
		case d.turns.renew(now):
			d.renewed()
		}
	case telling:
		if !now.Before(d.until) {
			d.next(d.follow)
			return
		}
	}
	d.redraw()
}

// next shows the next question, or closes the window if there is none.
func (d *Desk) next(follows bool) {
	d.draft = nil
	r, ok := d.turns.next(d.now(), follows)
	if !ok {
		d.shut()
		return
	}
	d.ask(r, "")
}

// ask shows a question; reason is what was typed already against an earlier version of it.
func (d *Desk) ask(r approval.Request, reason string) {
	d.phase, d.choice = asking, newChoice(r)
	d.choice.reason = reason
	d.alarm = line(r.Problem, maxLine)
	d.put(newCard(r, d.choice, acts{
		hands: d.hands,
		deny:  d.deny, allow: d.allow, once: d.allowOnce, instead: d.doInstead,
		block: d.blockAsker, changed: d.redraw, edit: d.editable(r),
	}), text.T("popup.window", text.Values{"Client": called(r)}))
}

// tell shows a sentence for a while, or until the owner has read it.
func (d *Desk) tell(says string, lasts time.Duration, follows bool) {
	d.phase, d.until, d.follow = telling, d.now().Add(lasts), follows
	d.put(noticeCard(says, d.hands, d.dismiss), text.T("popup.window.notice"))
}

// ranOut says that nobody has answered in time; tried says that the owner has, too late.
func (d *Desk) ranOut(tried bool) {
	if d.turns.ranOut(d.now()) {
		minutes := int(coolDown / time.Minute)
		d.tell(text.T("popup.over.cool", text.Values{"Client": called(d.turns.shown), "N": minutes}), noticeably, tried)
		return
	}
	d.tell(text.T("popup.over"), briefly, tried)
}

// put shows a card in the window, which is opened if there is none.
func (d *Desk) put(c *card, title string) {
	d.card = c
	opens := d.window == nil
	if opens {
		d.window = d.app.NewWindow(title)
		d.window.SetPadded(false)
		d.window.SetFixedSize(true)
		d.window.SetCloseIntercept(d.dismiss)
		if w, ok := d.window.(desktop.Window); ok {
			w.RequestAlwaysOnTop()
		}
		d.window.CenterOnScreen()
	}
	d.window.SetTitle(title)
	d.window.SetContent(c.content)
	d.window.Resize(fyne.NewSize(width, height))
	// Or else a text of several lines is not there until it is touched.
	c.content.Refresh()
	d.window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { // while nothing has the focus
		if e.Name == fyne.KeyEscape {
			d.escape()
		}
	})
	d.hands.startle()
	d.redraw()
	if opens {
		d.window.Show()
		d.window.RequestFocus()
		d.tick(true)
	}
	d.rest()
}

// rest gives the focus back to the button that does no harm.
func (d *Desk) rest() {
	if d.window == nil {
		return
	}
	d.hands.move(func() { d.window.Canvas().Focus(d.card.deny) })
}

// see does something with what scrolls of the card, if anything does.
func (d *Desk) see(f func(*sight)) {
	if d.card != nil && d.card.sight != nil {
		f(d.card.sight)
	}
}

// grown lays the card out anew after something was added to it, and gives the focus to what is given: Tab would lead from
// Deny to Allow. A button that has made room for what it opened must not keep the focus: the next key would press it again.
func (d *Desk) grown(to fyne.Focusable) {
	if d.card == nil {
		return
	}
	d.card.content.Refresh()
	d.redraw()
	o, ok := d.window.Canvas().Focused().(fyne.CanvasObject)
	keyed := ok && !holds(d.card.content, o) // the button was pressed with the keyboard
	if _, ticks := to.(*tick); keyed && ticks {
		d.window.Canvas().Focus(to) // which the keyboard has meant: it may tick there
		return
	}
	switch {
	case to != nil:
		d.hands.move(func() { d.window.Canvas().Focus(to) })
	case keyed:
		d.rest()
	}
}

// shut closes the window.
func (d *Desk) shut() {
	d.phase = closed
	if d.window != nil {
		w := d.window
		d.window, d.card = nil, nil
		w.Close()
	}
	if d.ended || len(d.turns.waiting) == 0 {
		d.tick(false)
	}
}

// redraw brings what changes on the card up to date.
func (d *Desk) redraw() {
	if d.window == nil {
		return
	}
	if d.phase != telling {
		d.card.show(d.state())
	}
	if d.window.Canvas().Focused() == nil { // a click beside everything takes the focus away
		d.rest()
	}
}

// state is what the card of a question shows now.
func (d *Desk) state() state {
	now := d.now()
	n, of := d.turns.place(now)
	s := state{when: countdown(d.turns.shown.ExpiresAt.Sub(now)), free: (d.phase == asking || d.phase == editing) && d.hands.live()}
	if of > 1 {
		s.when = text.T("popup.place", text.Values{"N": n, "Of": of}) + " · " + s.when
	}
	lacks := needs(d.choice.missing())
	switch {
	case d.phase == sending:
		s.status = text.T("popup.sending")
	case d.phase == editing && d.alarm == "":
		s.status = text.T("popup.edit.note")
	case d.turns.shown.Wanted != nil:
		s.status = text.T("popup.changing")
	case d.alarm != "":
		s.status, s.alarm = d.alarm, true
	case lacks != "":
		s.status = lacks
	case !d.hands.live():
		s.status = text.T("popup.read")
	default:
		s.status = gives(d.choice)
	}
	s.live = s.free && lacks == "" && d.turns.shown.Wanted == nil
	return s
}

// tick starts or stops looking at the clock.
func (d *Desk) tick(on bool) {
	switch {
	case on && d.stop == nil && !d.ended:
		d.stop = d.ticking(func() {
			if !d.ended {
				d.advance()
			}
		})
	case !on && d.stop != nil && d.window == nil:
		d.stop()
		d.stop = nil
	}
}

// tickForReal calls f on the UI thread every beat.
func (d *Desk) tickForReal(f func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		t := time.NewTicker(beat)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				d.do(f)
			case <-done:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}
