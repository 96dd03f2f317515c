package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postern/internal/approval"
)

// answered waits for the answer to a held call, and makes the call anew as often as the owner changes something.
func (r *Runner) answered(ctx context.Context, h *heldCall, id string) (approval.Request, error) {
	for {
		req, err := r.Queue.WaitOrRevise(r.life, id)
		if err != nil || req.State != approval.Pending {
			return req, err
		}
		frozen, preview, problem := r.revised(ctx, h, req)
		if err := r.Queue.Revised(ctx, req, frozen, preview, problem); err != nil && !errors.Is(err, approval.ErrSettled) {
			return req, fmt.Errorf("changing what is asked: %w", err)
		}
		if problem == "" {
			h.changed(slices.Collect(maps.Keys(req.Wanted)))
		}
	}
}

// revised makes the call anew with the owner's changes, or says why that cannot be.
func (r *Runner) revised(ctx context.Context, h *heldCall, req approval.Request) (frozen json.RawMessage, p approval.Preview, problem string) {
	if h.tool.revise == nil {
		return nil, p, "nothing of this can be changed"
	}
	out := r.safely(h.tool.Name, func() *Outcome {
		work, cancel := context.WithTimeout(ctx, r.Limit)
		defer cancel()
		var err error
		if frozen, p, err = h.tool.revise(work, h.svc, req.Frozen, req.Wanted); err != nil {
			return r.explained(ctx, h.inv.Client, h.profile, err)
		}
		return &Outcome{}
	})
	if out.Err != nil {
		return nil, approval.Preview{}, out.Err.Message
	}
	p.Changes = approval.Compare(h.preview.Edits, p.Edits) // against what the client asked, however often the owner changes it
	return frozen, p, ""
}

// carryOut does what the owner has allowed, or has had done instead, and says what they changed.
func (r *Runner) carryOut(ctx context.Context, h *heldCall, req approval.Request) *Outcome {
	run := h.tool.run
	if req.Answer != nil && req.Answer.Instead != "" {
		if run = h.tool.instead[req.Answer.Instead]; run == nil {
			return failure(Errorf("not_run", "%s cannot be done instead; nothing was done", CleanLine(req.Answer.Instead)))
		}
	}
	out := r.perform(ctx, h.tool, h.inv.Client, h.profile, func(ctx context.Context) (Result, error) { return run(ctx, h.svc, req.Frozen) })
	if len(h.edited) > 0 && out.Err == nil {
		out.Text += "\n\nThe owner has changed this before allowing it: " + strings.Join(h.edited, ", ") + "."
	}
	return out
}

// changed remembers what the owner has changed.
func (h *heldCall) changed(names []string) {
	h.edited = append(h.edited, names...)
	slices.Sort(h.edited)
	h.edited = slices.Compact(h.edited)
}
