package popup

import (
	"context"
	"errors"

	"postern/internal/approval"
	"postern/ui/text"
)

// escape is Esc: back from changing something, and else what closing the window is.
func (d *Desk) escape() {
	if d.phase == editing {
		d.back()
		return
	}
	d.dismiss()
}

// dismiss is the window's close button: a no, or that a notice was read.
func (d *Desk) dismiss() {
	switch d.phase {
	case asking, editing:
		d.deny()
	case telling:
		d.next(d.follow)
	}
}

// deny refuses.
func (d *Desk) deny() {
	if d.phase == asking || d.phase == editing {
		d.send(d.choice.no(), nil)
	}
}

// allow gives what is chosen.
func (d *Desk) allow() { d.yes(d.choice.yes(false, d.now())) }

// allowOnce gives it for the refused call alone.
func (d *Desk) allowOnce() { d.yes(d.choice.yes(true, d.now())) }

// doInstead has something else done than was asked for, e.g. a mail kept as a draft.
func (d *Desk) doInstead(id string) {
	a := d.choice.yes(false, d.now())
	a.Instead = id
	d.yes(a)
}

// yes gives an answer that allows something, if the button could be pressed at all.
func (d *Desk) yes(a approval.Answer) {
	if d.phase == asking && d.hands.live() && len(d.choice.missing()) == 0 && d.turns.shown.Wanted == nil {
		d.send(a, nil)
	}
}

// blockAsker refuses, and has the client never ask again.
func (d *Desk) blockAsker() {
	r := d.turns.shown
	if d.phase == asking && d.hands.live() && r.Offer != nil {
		d.send(d.choice.no(), func(ctx context.Context) error { return d.block(ctx, r.Offer.ClientID) })
	}
}

// send gives an answer, and does what follows it, away from the UI thread.
func (d *Desk) send(a approval.Answer, then func(ctx context.Context) error) {
	id := d.turns.shown.ID
	d.phase, d.alarm = sending, ""
	d.redraw()
	d.flying.Add(1)
	go func() {
		ctx, cancel := context.WithTimeout(d.life, answering)
		defer cancel()
		err := d.answer(ctx, id, a)
		var after error
		if then != nil { // also if the no came too late: the owner wants the client gone
			after = then(ctx)
		}
		d.flying.Done()
		d.do(func() { d.answered(id, a, err, then != nil, after) })
	}()
}

// answered goes on once an answer was taken, or says why it was not. blocked says that the client was to be blocked.
func (d *Desk) answered(id string, a approval.Answer, err error, blocked bool, after error) {
	if d.ended || d.phase != sending || d.turns.shown.ID != id {
		return
	}
	final := err == nil || errors.Is(err, approval.ErrWrongNumber)
	lost := errors.Is(err, approval.ErrSettled) || errors.Is(err, approval.ErrNotFound) || errors.Is(err, approval.ErrAskerGone)
	switch {
	case blocked:
		says := text.T("popup.blocked", text.Values{"Client": called(d.turns.shown)})
		if after != nil {
			says = text.T("popup.error.block", text.Values{"Error": line(after.Error(), maxLine)})
		}
		d.turns.settled(true)
		d.tell(says, noticeably, true)
	case err == nil:
		d.turns.settled(true)
		d.next(true)
	case final:
		d.turns.settled(true)
		d.tell(sentence(err), noticeably, true)
	case lost && !d.now().Before(d.turns.shown.ExpiresAt):
		d.ranOut(true)
	case lost:
		d.turns.settled(false)
		d.tell(sentence(err), briefly, true)
	case !a.Approved: // nothing is allowed; the window must not be one that cannot be closed
		d.turns.settled(true)
		d.tell(text.T("popup.error.deny", text.Values{"Error": line(err.Error(), maxLine)}), noticeably, true)
	default:
		d.phase, d.alarm = asking, sentence(err)
		d.hands.startle()
		d.redraw()
	}
}
