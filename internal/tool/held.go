package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"postern/internal/approval"
)

// heldCall is a call that waits for the owner.
type heldCall struct {
	tool    *Tool
	svc     any
	inv     Invocation
	profile Profile
	frozen  json.RawMessage
	preview approval.Preview
	class   Class
	edited  []string    // what the owner has changed, by approval.Edit.Name
	given   atomic.Bool // up: its client was told that nothing is done
}

// held puts the call to the owner. What runs after the yes are the frozen arguments, once, whether or not the client
// still waits; a client that has gone withdraws its question.
func (r *Runner) held(ctx context.Context, h *heldCall) *Outcome {
	if r.Queue == nil {
		return failure(Errorf("not_allowed", "%s needs the owner's yes, and there is no way to ask here", h.tool.Name))
	}
	req, err := r.Queue.Ask(ctx, approval.Request{
		Kind: approval.Action, Client: h.inv.Client.Name, Origin: h.inv.Client.Origin, ClientKey: h.inv.Client.Key, Public: h.inv.Client.Public(),
		Profile: h.profile.Name, Tool: h.tool.Name, Class: h.class.String(), Preview: h.preview, Frozen: h.frozen,
	})
	if err != nil {
		return failure(Errorf("not_asked", "the owner could not be asked: %s", clip(err.Error(), 300)))
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	r.elicit(asking, h, req)
	settled := make(chan *Outcome, 1)
	r.work.Go(func() { settled <- r.safely(h.tool.Name, func() *Outcome { return r.settle(ctx, h, req) }) })

	wait := r.Hold
	if h.inv.NoWait {
		wait = 0
	}
	hold := time.NewTimer(wait)
	defer hold.Stop()
	select {
	case out := <-settled:
		return out
	case <-hold.C:
		r.work.Go(func() { r.recordLate(ctx, h, req, <-settled) })
		return &Outcome{Pending: req.ID, Text: fmt.Sprintf("%spending_approval: the owner has not answered yet (approval %s, until %s). "+
			"Nothing was done so far. Tell the owner that it waits in Postern (or: postern approvals show %s), then ask with "+
			"approvals_get approval_id=%q. Do not repeat the call: it runs by itself after the yes.",
			heading(h.profile), req.ID, req.ExpiresAt.Format(time.RFC3339), req.ID, req.ID)}
	case <-ctx.Done():
		switch err := r.Queue.Withdraw(context.WithoutCancel(ctx), req.ID); {
		case errors.Is(err, approval.ErrSettled):
			return <-settled // the answer was faster
		case err != nil:
			h.given.Store(true) // so that a later yes does nothing
			r.Log.Warn("withdrawing a question", "approval", req.ID, "error", err)
		}
		return failure(Errorf("cancelled", "the call was cancelled before the owner answered; nothing was done"))
	}
}

// elicit lets the person behind a local client answer there, if the owner allowed that.
func (r *Runner) elicit(ctx context.Context, h *heldCall, req approval.Request) {
	if h.inv.Elicit == nil || !h.inv.Client.Local || !r.policy(ctx).Elicitation {
		return
	}
	r.work.Go(func() {
		if a, ok := h.inv.Elicit(ctx, req); ok {
			a.Via = "elicitation"
			if err := r.Queue.Answer(context.WithoutCancel(ctx), req.ID, a); err != nil && !errors.Is(err, approval.ErrSettled) {
				r.Log.Warn("an elicited answer was not taken", "approval", req.ID, "error", err)
			}
		}
	})
}

// settle waits for the answer and runs the call after a yes. It belongs to the Runner, not to the request: the client
// may have had its pending_approval long ago.
func (r *Runner) settle(request context.Context, h *heldCall, req approval.Request) *Outcome {
	kept := context.WithoutCancel(request)
	answered, err := r.answered(kept, h, req.ID)
	if err != nil {
		if r.life.Err() != nil {
			if err := r.Queue.Withdraw(kept, req.ID); err != nil && !errors.Is(err, approval.ErrSettled) {
				r.Log.Warn("withdrawing a question", "approval", req.ID, "error", err)
			}
			return failure(Errorf("cancelled", "Postern ended before the owner answered; nothing was done"))
		}
		return failure(fmt.Errorf("waiting for the owner: %w", err))
	}
	if answered.State != approval.Approved {
		return refusal(answered)
	}
	if req, err = r.Queue.Claim(kept, req.ID); err != nil {
		return failure(Errorf("not_run", "the approval %s was already used", answered.ID))
	}
	if h.given.Load() {
		return r.finishHeld(kept, req.ID, failure(Errorf("cancelled", "the call was cancelled before the owner answered; nothing was done")))
	}
	if why := r.policy(kept).Closed; why != "" { // since it was asked
		out := failure(Errorf("not_allowed", "%s; nothing was done", why))
		return r.finishHeld(kept, req.ID, out)
	}
	if h.class == ClassWrite && h.inv.Client.AskWrites && r.Wrote != nil {
		if err := r.Wrote(kept, h.inv.Client); err != nil {
			r.Log.Warn("remembering that a client may write", "error", err)
		}
	}
	return r.finishHeld(kept, req.ID, r.safely(h.tool.Name, func() *Outcome { return r.carryOut(kept, h, req) }))
}

// finishHeld keeps how an approved call ended, for the client that asks later.
func (r *Runner) finishHeld(ctx context.Context, id string, out *Outcome) *Outcome {
	state := approval.Done
	if out.Err != nil {
		state = approval.Failed
	}
	if err := r.Queue.Finish(ctx, id, state, out.Text); err != nil {
		r.Log.Error("keeping the result of an approved call", "approval", id, "error", err)
	}
	return out
}

// maxShownArgument is the most letters of one argument that a question about a write shows.
const maxShownArgument = 600

// writing is what the owner is shown of a call of class write, which has no plan of its own: its arguments. The yes
// holds for the client's writes of a day, and the title says so.
func writing(t *Tool, p Profile, args json.RawMessage) approval.Preview {
	var in map[string]any
	_ = json.Unmarshal(args, &in) // it was encoded a moment ago
	var v approval.Preview
	v.Titled(approval.Say("writes", "{tool} as {profile}. A yes also lets this client make such changes of your own things, which can be undone, for a day.", "tool", t.Title, "profile", p.Name))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		text, ok := in[name].(string)
		if !ok {
			text = string(encodeAny(in[name]))
		}
		v.Fields = append(v.Fields, approval.Field{Name: name, Value: clip(text, maxShownArgument)})
	}
	return v
}

func encodeAny(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // it came from JSON
		return []byte("null")
	}
	return b
}

// recordLate records how a call ended that was first answered with pending_approval.
func (r *Runner) recordLate(ctx context.Context, h *heldCall, req approval.Request, out *Outcome) {
	entry := h.inv.entry(r.Now())
	entry.Profile, entry.Approval = h.profile.Name, req.ID
	r.record(ctx, entry, out, entry.At)
}

// refusal says why an approval did not become a yes.
func refusal(req approval.Request) *Outcome {
	switch req.State {
	case approval.Denied:
		why := "without a reason"
		if req.Answer != nil && req.Answer.Reason != "" {
			why = fmt.Sprintf("with the reason %q", CleanLine(req.Answer.Reason))
		}
		return failure(Errorf("denied", "the owner said no, %s; nothing was done. Do not try again unless the owner asks for it", why))
	case approval.Expired:
		return failure(Errorf("approval_expired", "the owner did not answer in time; nothing was done. Ask the owner before you try again"))
	case approval.Withdrawn:
		return failure(Errorf("cancelled", "the question to the owner was withdrawn; nothing was done"))
	}
	return failure(Errorf("not_run", "the approval %s is %s", req.ID, req.State))
}
