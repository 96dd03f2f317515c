package tool

import (
	"context"
	"errors"
	"time"

	"postern/internal/approval"
)

// MayElicit reports whether the owner lets a client put questions itself. Never a client on another computer.
func (r *Runner) MayElicit(ctx context.Context, c Client) bool {
	r.start()
	return c.Local && r.Queue != nil && r.policy(ctx).Elicitation
}

// Question returns a question that waits for an answer.
func (r *Runner) Question(ctx context.Context, id string) (approval.Request, error) {
	r.start()
	return r.Queue.Get(ctx, id)
}

// Resume answers the question of a call that was answered with NoWait, if a is not nil and the client may, and returns
// what became of the call: as long as Hold, then pending_approval.
func (r *Runner) Resume(ctx context.Context, inv Invocation, id string, a *approval.Answer) *Outcome {
	r.start()
	if !r.MayElicit(ctx, inv.Client) {
		return failure(Errorf("not_allowed", "the owner does not let clients put questions themselves"))
	}
	req, err := r.Queue.Get(ctx, id)
	if err != nil || req.ClientKey != inv.Client.Key || req.Tool != inv.Tool {
		return failure(Errorf("not_found", "there is no such question of this client"))
	}
	if a != nil {
		if err := r.Queue.Answer(ctx, id, *a); err != nil && !errors.Is(err, approval.ErrSettled) {
			return failure(Errorf("not_run", "the answer was not taken: %s", clip(err.Error(), 200)))
		}
	}
	return r.await(ctx, id)
}

// settledEvery is how often a call that runs is looked at.
const settledEvery = 100 * time.Millisecond

// await waits until a question is answered and its call has ended, as long as Hold.
func (r *Runner) await(ctx context.Context, id string) *Outcome {
	ctx, cancel := context.WithTimeout(ctx, r.Hold)
	defer cancel()
	req, err := r.Queue.Wait(ctx, id)
	tick := time.NewTicker(settledEvery)
	defer tick.Stop()
	for err == nil && (req.State == approval.Approved || req.State == approval.Running) {
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-tick.C:
			req, err = r.Queue.Get(ctx, id)
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Outcome{Pending: id, Text: "pending_approval: the owner has not answered yet, or the call still runs. Ask with approvals_get approval_id=\"" + id + "\". Do not repeat the call."}
	case err != nil:
		return failure(Errorf("cancelled", "the call was cancelled while it waited for the owner"))
	case req.State == approval.Done:
		return &Outcome{Text: req.Result}
	case req.State == approval.Failed:
		return &Outcome{Text: req.Result, Err: Errorf("failed", "%s", req.Result)}
	}
	return refusal(req)
}
