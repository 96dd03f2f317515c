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
	MaxPending          = 50
	MaxPendingPerClient = 10
)

// ErrTooMany is returned by Ask when too many questions are open.
var ErrTooMany = errors.New("too many questions wait for the owner already")

// ErrAskerGone is returned by Answer when the process that would run the call has ended.
var ErrAskerGone = errors.New("the program that asked has ended; nothing was done, and nothing will be")

// Queue puts questions to the owner and takes the answers, over a Store that several processes share.
type Queue struct {
	Store    Store
	Now      func() time.Time   // time.Now
	Lifetime time.Duration      // how long a question stays open; 15 min
	Poll     time.Duration      // how often Wait looks; 200 ms
	Self     func() Process     // this process; Self
	Alive    func(Process) bool // whether a process still runs; Alive
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
	r.State, r.CreatedAt, r.ExpiresAt, r.Asker = Pending, now, now.Add(q.lifetime()), q.self()
	if err := q.Store.AddApproval(ctx, r); err != nil {
		return Request{}, fmt.Errorf("asking the owner: %w", err)
	}
	return r, nil
}

// Pending returns the questions that can be answered, oldest first. Those whose asker has ended, or whose time is over,
// are settled on the way.
func (q *Queue) Pending(ctx context.Context) ([]Request, error) {
	if err := q.Store.ExpireApprovals(ctx, q.now()); err != nil {
		return nil, fmt.Errorf("reading the approvals: %w", err)
	}
	all, err := q.Store.Approvals(ctx, Pending)
	if err != nil {
		return nil, fmt.Errorf("reading the approvals: %w", err)
	}
	open := all[:0]
	for _, r := range all {
		if !q.alive(r.Asker) {
			if err := q.Withdraw(ctx, r.ID); err != nil && !errors.Is(err, ErrSettled) {
				return nil, err
			}
			continue
		}
		open = append(open, r)
	}
	return open, nil
}

// List returns all questions that are remembered, oldest first.
func (q *Queue) List(ctx context.Context) ([]Request, error) {
	if _, err := q.Pending(ctx); err != nil { // settles what is over
		return nil, err
	}
	return q.Store.Approvals(ctx)
}

// Get returns a question.
func (q *Queue) Get(ctx context.Context, id string) (Request, error) {
	if err := q.Store.ExpireApprovals(ctx, q.now()); err != nil {
		return Request{}, err
	}
	return q.Store.Approval(ctx, id)
}

// Find returns the question whose id is, or alone begins with, prefix. It returns ErrNotFound if there is none, or more
// than one.
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
	if len(found) != 1 {
		return Request{}, ErrNotFound
	}
	return found[0], nil
}

// Wait returns the question once it is settled. It looks at the store again and again: the answer may come from a
// process that knows nothing of this one.
func (q *Queue) Wait(ctx context.Context, id string) (Request, error) {
	poll := q.Poll
	if poll == 0 {
		poll = 200 * time.Millisecond
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		r, err := q.Get(ctx, id)
		if err != nil || r.State != Pending {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-tick.C:
		}
	}
}

// Answer settles a question. Exactly one answer is taken: later ones get ErrSettled. A yes to a process that has ended
// gets ErrAskerGone, since only that process would run the call.
func (q *Queue) Answer(ctx context.Context, id string, a Answer) error {
	r, err := q.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.State != Pending {
		return ErrSettled
	}
	if !q.alive(r.Asker) {
		return errors.Join(ErrAskerGone, q.Withdraw(ctx, id))
	}
	to := Denied
	if a.Approved {
		to, a.Reason = Approved, ""
	}
	if a.By.PID == 0 {
		a.By = q.self()
	}
	return q.Store.SettleApproval(ctx, id, to, &a, q.now())
}

// Withdraw takes a question back.
func (q *Queue) Withdraw(ctx context.Context, id string) error {
	return q.Store.SettleApproval(ctx, id, Withdrawn, nil, q.now())
}

// Claim takes the right to run an approved call; it is given once.
func (q *Queue) Claim(ctx context.Context, id string) (Request, error) {
	return q.Store.ClaimApproval(ctx, id, q.now())
}

// Finish keeps what a call returned that was claimed.
func (q *Queue) Finish(ctx context.Context, id string, to State, result string) error {
	return q.Store.FinishApproval(ctx, id, to, result, q.now())
}

func (q *Queue) now() time.Time {
	if q.Now == nil {
		return time.Now()
	}
	return q.Now()
}

func (q *Queue) lifetime() time.Duration {
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
