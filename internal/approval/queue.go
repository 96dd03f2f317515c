package approval

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The most questions that may be open: more than a person would read are a way to have one approved unread.
const (
	MaxPending          = 60
	MaxPendingPerClient = 20
)

// ErrTooMany is returned by Ask when too many questions are open.
var ErrTooMany = errors.New("too many questions wait for the owner already: they must be answered first (postern approvals list)")

// ErrAskerGone is returned by Answer when the process that would run the call has ended.
var ErrAskerGone = errors.New("the program that asked has ended; nothing was done, and nothing will be")

// ErrAmbiguous is returned for the beginning of an id that several questions have.
var ErrAmbiguous = errors.New("several approvals begin like that: give more of the id")

// ErrChanged is returned for a yes to another version of an action than there is: what was shown is not what would be
// done.
var ErrChanged = errors.New("what would be done has changed since it was shown: look at it again")

// Queue puts questions to the owner and takes the answers, over a Store that several processes share.
type Queue struct {
	Store    Store
	Now      func() time.Time // time.Now
	Lifetime time.Duration    // how long an action question stays open; 15 min
	Poll     time.Duration    // how often Wait looks; 200 ms
	Self     func() Process   // this process; Self
	// Client finds the program behind a question that comes over HTTP; nil where Self knows it.
	Client  func(context.Context, Request) Ancestor
	Alive   func(Process) bool // whether a process still runs; Alive
	Changed func()             // told after a question was put or answered here; nil for nobody
	Decided func(Request)      // told after a question was denied here, or what was allowed has been done; nil for nobody
}

// Ask puts a question and returns it with its id and times.
func (q *Queue) Ask(ctx context.Context, r Request) (Request, error) {
	open, err := q.Pending(ctx)
	if err != nil {
		return Request{}, err
	}
	mine := 0
	for _, o := range open {
		if o.ClientKey == r.ClientKey {
			mine++
		}
	}
	if mine >= MaxPendingPerClient || len(open) >= MaxPending {
		return Request{}, ErrTooMany
	}
	now := q.now()
	r.ID = strings.ToLower(rand.Text()[:10]) // 50 bits: not guessed within 15 minutes, and short enough to type
	r.State, r.CreatedAt, r.ExpiresAt, r.Asker = Pending, now, now.Add(q.lifetime(r.Kind)), q.self()
	r.Answer, r.Result, r.SettledAt = nil, "", time.Time{}
	r.Public = r.Public || r.Offer != nil && r.Offer.Public
	if q.Client != nil {
		r.Asker.Client = q.Client(ctx, r)
	}
	// Not to be cut off halfway: a question that nobody waits for could still be answered.
	if err := q.Store.AddApproval(context.WithoutCancel(ctx), r); err != nil {
		return Request{}, fmt.Errorf("asking the owner: %w", err)
	}
	q.changed()
	return r, nil
}

// Pending returns the questions that can be answered, oldest first. What is over, because its time is or because its
// asker has ended, is settled on the way.
func (q *Queue) Pending(ctx context.Context) ([]Request, error) {
	if err := q.Store.ExpireApprovals(ctx, q.now()); err != nil {
		return nil, fmt.Errorf("reading the approvals: %w", err)
	}
	unfinished, err := q.Store.Approvals(ctx, Pending, Approved, Running)
	if err != nil {
		return nil, fmt.Errorf("reading the approvals: %w", err)
	}
	open := unfinished[:0]
	for _, r := range unfinished {
		if !q.alive(r.Asker) {
			if err := q.orphan(ctx, r); err != nil {
				return nil, err
			}
			continue
		}
		if r.State == Pending {
			open = append(open, r)
		}
	}
	return open, nil
}

// orphan settles a question whose asker has ended: only that process would have run the call.
func (q *Queue) orphan(ctx context.Context, r Request) error {
	var err error
	if r.State == Running {
		err = q.Finish(ctx, r.ID, Failed, "Postern ended while the call ran: it may have been done or not. Look before you try again.")
	} else {
		err = q.Store.WithdrawApproval(ctx, r.ID, q.now())
	}
	if err != nil && !errors.Is(err, ErrSettled) && !errors.Is(err, ErrNotFound) { // another process has seen it too
		return fmt.Errorf("withdrawing what nobody waits for: %w", err)
	}
	return nil
}

// List returns all questions that are remembered, oldest first.
func (q *Queue) List(ctx context.Context) ([]Request, error) {
	if _, err := q.Pending(ctx); err != nil { // settles what is over
		return nil, err
	}
	return q.Store.Approvals(ctx)
}

// Get returns a question as it stands now.
func (q *Queue) Get(ctx context.Context, id string) (Request, error) {
	r, err := q.Store.Approval(ctx, id)
	switch {
	case err != nil:
		return Request{}, err
	case r.State == Pending && !q.now().Before(r.ExpiresAt):
		err = q.Store.ExpireApprovals(ctx, q.now())
	case (r.State == Pending || r.State == Approved || r.State == Running) && !q.alive(r.Asker):
		err = q.orphan(ctx, r)
	default:
		return r, nil
	}
	if err != nil {
		return Request{}, err
	}
	return q.Store.Approval(ctx, id)
}

// Find returns the question whose id is, or alone begins with, prefix. It returns ErrNotFound if there is none, and
// ErrAmbiguous if there are several.
func (q *Queue) Find(ctx context.Context, prefix string) (Request, error) {
	all, err := q.List(ctx)
	if err != nil {
		return Request{}, err
	}
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	var found []Request
	for _, r := range all {
		if r.ID == prefix {
			return r, nil
		}
		if prefix != "" && strings.HasPrefix(r.ID, prefix) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return Request{}, ErrNotFound
	case 1:
		return found[0], nil
	}
	return Request{}, fmt.Errorf("%q: %w", prefix, ErrAmbiguous)
}

// Wait returns the question once it is settled. It looks at the store again and again: the answer may come from a
// process that knows nothing of this one.
func (q *Queue) Wait(ctx context.Context, id string) (Request, error) {
	return q.wait(ctx, id, func(r Request) bool { return r.State != Pending })
}

// WaitOrRevise returns the question once it is settled, or the owner wants it changed.
func (q *Queue) WaitOrRevise(ctx context.Context, id string) (Request, error) {
	return q.wait(ctx, id, func(r Request) bool { return r.State != Pending || r.Wanted != nil })
}

func (q *Queue) wait(ctx context.Context, id string, over func(Request) bool) (Request, error) {
	poll := q.Poll
	if poll == 0 {
		poll = 200 * time.Millisecond
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		r, err := q.Get(ctx, id)
		if err != nil || over(r) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-tick.C:
		}
	}
}

// Answer settles the question whose id is, or alone begins with, id. Exactly one answer is taken: later ones get
// ErrSettled. A yes to a process that has ended gets ErrAskerGone, since only that process would run the call. A yes to
// a connect question wants the right number (ErrNumber, ErrWrongNumber) and terms that are on offer.
func (q *Queue) Answer(ctx context.Context, id string, a Answer) error {
	r, err := q.Store.Approval(ctx, id)
	if errors.Is(err, ErrNotFound) {
		r, err = q.Find(ctx, id)
	}
	if err != nil {
		return err
	}
	if r.State != Pending {
		return ErrSettled
	}
	if !q.alive(r.Asker) {
		if err := q.orphan(ctx, r); err != nil {
			return err
		}
		return ErrAskerGone
	}
	if a.By.PID == 0 {
		a.By = q.self()
	}
	to, refused := Denied, error(nil)
	if a.Approved {
		denied, err := r.check(a, q.now())
		switch {
		case denied:
			a = Answer{Via: a.Via, By: a.By, Reason: "another number was picked than the browser shows"}
			refused = err
		case err != nil:
			return err
		default:
			to, a.Reason = Approved, ""
		}
	}
	err = q.Store.SettleApproval(ctx, r.ID, to, &a, q.now())
	if errors.Is(err, ErrSettled) && to == Approved {
		if now, gerr := q.Store.Approval(ctx, r.ID); gerr == nil && now.State == Pending && (now.Version != a.Version || now.Wanted != nil) {
			return ErrChanged // a moment ago
		}
	}
	if err != nil {
		return err
	}
	if to == Denied {
		q.decided(ctx, r.ID)
	}
	q.changed()
	return refused
}

// Withdraw takes a question back that nobody has answered.
func (q *Queue) Withdraw(ctx context.Context, id string) error {
	err := q.Store.SettleApproval(ctx, id, Withdrawn, nil, q.now())
	q.changed()
	return err
}

// Show has the faces show the questions that came from outside and were quiet so far: the owner expects them now.
func (q *Queue) Show(ctx context.Context) error {
	if err := q.Store.ShowApprovals(ctx); err != nil {
		return fmt.Errorf("showing the questions that wait: %w", err)
	}
	q.changed()
	return nil
}

// WithdrawAll takes back every question that nobody has answered, and every yes that was not taken up yet.
func (q *Queue) WithdrawAll(ctx context.Context) error {
	open, err := q.Store.Approvals(ctx, Pending, Approved)
	if err != nil {
		return fmt.Errorf("reading the approvals: %w", err)
	}
	for _, r := range open {
		if err := q.Store.WithdrawApproval(ctx, r.ID, q.now()); err != nil && !errors.Is(err, ErrSettled) && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("withdrawing a question: %w", err)
		}
	}
	q.changed()
	return nil
}

// Claim takes the right to run an approved call; it is given once.
func (q *Queue) Claim(ctx context.Context, id string) (Request, error) {
	return q.Store.ClaimApproval(ctx, id, q.now())
}

// Finish keeps what a call returned that was claimed.
func (q *Queue) Finish(ctx context.Context, id string, to State, result string) error {
	if err := q.Store.FinishApproval(ctx, id, to, result, q.now()); err != nil {
		return err
	}
	q.decided(ctx, id)
	return nil
}

// decided tells of a question that is settled. It was settled, whether or not it can be read again.
func (q *Queue) decided(ctx context.Context, id string) {
	if q.Decided == nil {
		return
	}
	if r, err := q.Store.Approval(context.WithoutCancel(ctx), id); err == nil {
		q.Decided(r)
	}
}

func (q *Queue) changed() {
	if q.Changed != nil {
		q.Changed()
	}
}

func (q *Queue) now() time.Time {
	if q.Now == nil {
		return time.Now()
	}
	return q.Now()
}

// connectLifetime is how long a client waits to be let in, or for more: a person stands before the browser.
const connectLifetime = 5 * time.Minute

func (q *Queue) lifetime(k Kind) time.Duration {
	if k == Connect {
		return connectLifetime
	}
	if q.Lifetime == 0 {
		return 15 * time.Minute
	}
	return q.Lifetime
}

func (q *Queue) self() Process {
	if q.Self == nil {
		return Self()
	}
	return q.Self()
}

func (q *Queue) alive(p Process) bool {
	if q.Alive == nil {
		return Alive(p)
	}
	return q.Alive(p)
}
