package bridge

import (
	"context"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/server/oauth"
)

func addressOf(outside bool) string {
	if outside {
		return activity.Public
	}
	return activity.Here
}

// recorder keeps what clients did, and tells the faces that there is news.
type recorder struct{ b *Bridge }

// Record implements activity.Recorder.
func (r recorder) Record(ctx context.Context, e activity.Entry) {
	r.b.Store.Record(ctx, e)
	r.b.tell(news{Activity: true})
}

// record keeps what has happened besides calls.
func (b *Bridge) record(ctx context.Context, e activity.Entry) {
	e.At = b.config.Now()
	if e.Outcome == "" {
		e.Outcome = activity.OK
	}
	recorder{b}.Record(ctx, e)
}

// recordClient keeps what has happened to a client.
func (b *Bridge) recordClient(ctx context.Context, event activity.Event, id string) {
	e := activity.Entry{Event: event, ClientID: id}
	if c, err := b.Store.Client(ctx, id); err == nil {
		e.Client = c.Name
	}
	b.record(ctx, e)
}

// recordGrant keeps what has happened to a grant.
func (b *Bridge) recordGrant(ctx context.Context, event activity.Event, g oauth.Grant) {
	e := activity.Entry{Event: event, ClientID: g.ClientID, GrantID: g.ID}
	if c, err := b.Store.Client(ctx, g.ClientID); err == nil {
		e.Client = c.Name
	}
	b.record(ctx, e)
}

// decided keeps what the owner has answered to a client that wants to be let in, or more. What they answered to a call
// stands with the call.
func (b *Bridge) decided(q approval.Request) {
	e := activity.Entry{Client: q.Client, Origin: q.Origin, Approval: q.ID, Outcome: activity.OK}
	switch q.Kind {
	case approval.Connect:
		e.Event, e.GrantID = activity.LetIn, q.Result
	case approval.Widen:
		e.Event, e.Tool = activity.Widened, q.Tool
	default:
		return
	}
	if o := q.Offer; o != nil {
		e.ClientID, e.Address = o.ClientID, addressOf(o.Public)
		if q.Kind == approval.Widen {
			e.GrantID = o.Grant
		}
	}
	if q.Answer != nil && q.Answer.Terms != nil && q.Answer.Terms.Once {
		e.Code = "once"
	}
	switch q.State {
	case approval.Denied:
		e.Outcome = activity.Denied
	case approval.Failed:
		e.Outcome, e.GrantID = activity.Failed, ""
	}
	b.record(context.Background(), e)
}
