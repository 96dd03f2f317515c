package approval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Revise notes what the owner wants changed in an action before it is done, by Edit.Name. The process that asked makes it
// so: then the question has the next Version and another Preview, or a Problem. Until then no yes is taken.
func (q *Queue) Revise(ctx context.Context, id string, changes map[string]string) error {
	r, err := q.Store.Approval(ctx, id)
	if err != nil {
		return err
	}
	if r.State != Pending {
		return ErrSettled
	}
	if len(changes) == 0 {
		return errors.New("nothing is to be changed")
	}
	for name := range changes {
		if !slices.ContainsFunc(r.Preview.Edits, func(e Edit) bool { return e.Name == name }) {
			return fmt.Errorf("%q cannot be changed here", name)
		}
	}
	if !q.alive(r.Asker) {
		if err := q.orphan(ctx, r); err != nil {
			return err
		}
		return ErrAskerGone
	}
	if err := q.Store.WantRevision(ctx, id, changes, q.now()); err != nil {
		return err
	}
	q.changed()
	return nil
}

// WaitRevised returns the question once it is settled or what the owner wanted changed was made so, or could not be.
func (q *Queue) WaitRevised(ctx context.Context, id string) (Request, error) {
	return q.wait(ctx, id, func(r Request) bool { return r.State != Pending || r.Wanted == nil })
}

// Revised gives the question what was made of the owner's changes: by the process that asked. problem says why nothing
// could be, "" if it could.
func (q *Queue) Revised(ctx context.Context, r Request, frozen json.RawMessage, p Preview, problem string) error {
	if err := q.Store.ReviseApproval(ctx, r.ID, r.Version, frozen, p, problem, q.now()); err != nil {
		return err
	}
	q.changed()
	return nil
}

// checkAction says what is wrong with a yes to an action.
func (r Request) checkAction(a Answer) error {
	if a.Version != r.Version || r.Wanted != nil {
		return ErrChanged
	}
	if a.Instead != "" && !slices.ContainsFunc(r.Preview.Instead, func(c Choice) bool { return c.ID == a.Instead }) {
		return fmt.Errorf("%q cannot be done instead", a.Instead)
	}
	return nil
}
