package popup

import (
	"slices"
	"time"

	"postern/internal/approval"
)

// How much the owner is troubled by questions that come by themselves.
const (
	maxIgnored = 2               // questions of a client in a row that ran out unanswered
	coolDown   = 5 * time.Minute // for which that client's are not shown then
	maxPopUps  = 5               // pop-ups in all
	popUpsIn   = time.Minute     // within this time

	// catchesUp is how long a snapshot may be older than what the owner has done.
	catchesUp = 3 * time.Second
)

// turns decides which question is shown. It is driven by snapshots and a clock.
type turns struct {
	waiting []approval.Request // as the newest snapshot has them
	review  []approval.Request // that the owner asked to see: quiet ones may be missing in the snapshots
	listed  map[string]bool    // ids of review that a snapshot has had since
	shown   approval.Request   // zero ID: none
	byOwner bool               // shown because the owner asked to see it
	wanted  time.Time          // when the owner had the shown one changed, until a snapshot knows of it
	over    map[string]bool    // ids that were shown and are settled, as far as this desktop knows
	ignored map[string]int     // by client: how many ran out in a row
	cool    map[string]time.Time
	popped  []time.Time // when a question came up by itself
}

func newTurns() *turns {
	return &turns{listed: map[string]bool{}, over: map[string]bool{}, ignored: map[string]int{}, cool: map[string]time.Time{}}
}

// update takes the questions of a snapshot.
func (t *turns) update(waiting []approval.Request) {
	t.waiting = slices.Clone(waiting)
	for _, r := range waiting {
		t.listed[r.ID] = true
	}
	for id := range t.over { // a snapshot may be older than the answer, so what it still has stays marked
		if !has(waiting, id) && !has(t.review, id) {
			delete(t.over, id)
		}
	}
	t.review = slices.DeleteFunc(t.review, func(r approval.Request) bool { return t.gone(r) })
	for id := range t.listed {
		if !has(waiting, id) && !has(t.review, id) && id != t.shown.ID {
			delete(t.listed, id)
		}
	}
}

// ask takes the questions that the owner wants to see, whatever kept them from showing by themselves.
func (t *turns) ask(all []approval.Request) {
	t.review = slices.Clone(all)
	for _, r := range all {
		delete(t.over, r.ID)
		if !has(t.waiting, r.ID) {
			delete(t.listed, r.ID)
		}
	}
}

// gone reports whether a question is waiting no more. One that was asked for and that no snapshot had is not: snapshots
// of loud questions do not have the quiet ones.
func (t *turns) gone(r approval.Request) bool {
	if has(t.waiting, r.ID) {
		return false
	}
	return t.listed[r.ID] || !has(t.review, r.ID)
}

// next chooses the question to show, and reports whether there is one. follows says that the owner has just settled
// another: what comes then is no pop-up, since the window is open and the owner before it.
func (t *turns) next(now time.Time, follows bool) (approval.Request, bool) {
	t.shown, t.byOwner, t.wanted = approval.Request{}, false, time.Time{}
	open := t.open(now)
	if len(open) == 0 {
		return t.shown, false
	}
	r := open[0]
	asked := has(t.review, r.ID)
	if !asked && !follows {
		t.popped = slices.DeleteFunc(t.popped, func(at time.Time) bool { return now.Sub(at) >= popUpsIn })
		if len(t.popped) >= maxPopUps {
			return t.shown, false
		}
		t.popped = append(t.popped, now)
	}
	t.shown, t.byOwner = r, asked
	return r, true
}

// open returns what may be shown: first what the owner asked to see, then the others, each oldest first.
func (t *turns) open(now time.Time) []approval.Request {
	var open []approval.Request
	add := func(r approval.Request) {
		if !t.over[r.ID] && now.Before(r.ExpiresAt) && !has(open, r.ID) {
			open = append(open, r)
		}
	}
	for _, r := range t.review {
		add(r)
	}
	for _, r := range t.waiting {
		if quiet := r.Offer != nil && r.Offer.Quiet; !quiet && !now.Before(t.cool[r.ClientKey]) {
			add(r)
		}
	}
	return open
}

// want notes that the owner has the shown question changed.
func (t *turns) want(changes map[string]string, now time.Time) {
	t.shown.Wanted, t.wanted = changes, now
}

// renew takes over what a newer snapshot says of the shown question, and reports whether that is something else: the
// owner may have had an action changed. A snapshot that is older than that change is passed over.
func (t *turns) renew(now time.Time) bool {
	i := slices.IndexFunc(t.waiting, func(r approval.Request) bool { return r.ID == t.shown.ID })
	if i < 0 {
		return false
	}
	was, is := t.shown, t.waiting[i]
	same := was.Version == is.Version && was.Problem == is.Problem
	if is.Version < was.Version || same && is.Wanted == nil && now.Sub(t.wanted) < catchesUp {
		return false
	}
	t.shown, t.wanted = is, time.Time{}
	return !same || (was.Wanted == nil) != (is.Wanted == nil)
}

// place says which of how many open questions the shown one is: always the first, since those before it are settled.
func (t *turns) place(now time.Time) (n, of int) {
	of = len(t.open(now))
	if !has(t.open(now), t.shown.ID) {
		of++
	}
	return 1, of
}

// settled ends the shown question; answered says that the owner has answered it here.
func (t *turns) settled(answered bool) {
	t.over[t.shown.ID] = true
	if answered {
		delete(t.ignored, t.shown.ClientKey)
		delete(t.cool, t.shown.ClientKey)
	}
}

// ranOut ends the shown question, which nobody has answered in time, and reports whether the owner is spared that client's
// for a while.
func (t *turns) ranOut(now time.Time) (cools bool) {
	t.settled(false)
	key := t.shown.ClientKey
	if t.ignored[key]++; t.ignored[key] < maxIgnored {
		return false
	}
	delete(t.ignored, key)
	t.cool[key] = now.Add(coolDown)
	return true
}

func has(all []approval.Request, id string) bool {
	return slices.ContainsFunc(all, func(r approval.Request) bool { return r.ID == id })
}
