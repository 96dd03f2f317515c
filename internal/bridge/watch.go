package bridge

import (
	"context"
	"errors"
	"time"

	"postern/server/oauth"
)

// How often a serving bridge looks: at what other processes have done, at the grants of what runs, at what is to be
// written, and at what is to be forgotten.
const (
	lookEvery    = time.Second
	recheckEvery = 15 * time.Second
	writeEvery   = 10 * time.Second
	collectEvery = 10 * time.Minute
	// unapproved is how long a client is remembered that nobody has let in.
	unapproved = 24 * time.Hour
)

// watch keeps what runs in step with what the store and the switches say, until ctx ends.
func (s *service) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	began := s.b.config.Now()
	looked, rechecked, wrote, collected := began, began, began, time.Time{}
	for {
		now := s.b.config.Now()
		if now.Sub(collected) >= collectEvery {
			s.collect(ctx, now)
			collected = now
		}
		select {
		case <-ctx.Done():
			s.writeUses(context.WithoutCancel(ctx))
			return
		case <-tick.C:
		}
		now = s.b.config.Now()
		s.followLockdown(ctx)
		s.followRevocations(ctx, looked.Add(-lookEvery))
		s.live.Expire(now)
		s.share.look()
		looked = now
		if now.Sub(rechecked) >= recheckEvery {
			s.recheck(ctx)
			rechecked = now
		}
		if now.Sub(wrote) >= writeEvery {
			s.writeUses(ctx)
			s.share.count.write(ctx, s.b)
			wrote = now
		}
	}
}

// followRevocations ends what runs for grants that another process has ended.
func (s *service) followRevocations(ctx context.Context, since time.Time) {
	ended, err := s.b.Store.Ended(ctx, since)
	if err != nil {
		if ctx.Err() == nil {
			s.b.Log.Error("looking for grants that have ended", "error", err)
		}
		return
	}
	for _, g := range ended {
		s.live.End(g.ID)
		s.http.End(g.ID)
	}
}

// recheck ends what runs for a grant that is over, or gone.
func (s *service) recheck(ctx context.Context) {
	for _, id := range s.live.Grants() {
		g, err := s.b.Store.Grant(ctx, id)
		if err == nil && g.Live(s.b.config.Now()) || err != nil && !errors.Is(err, oauth.ErrNotFound) {
			if err == nil {
				s.live.Narrow(g, holds)
			}
			continue
		}
		s.live.End(id)
		s.http.End(id)
	}
}

func (s *service) writeUses(ctx context.Context) {
	uses := s.live.Uses()
	if len(uses) == 0 {
		return
	}
	if err := s.b.Store.Used(ctx, uses); err != nil && ctx.Err() == nil {
		s.b.Log.Error("writing when grants were used", "error", err)
	}
}

// collect forgets what is over.
func (s *service) collect(ctx context.Context, now time.Time) {
	s.http.Idle()
	err := errors.Join(s.b.Store.Collect(ctx, now, now.Add(-unapproved)), s.b.Prune(ctx))
	if err != nil && ctx.Err() == nil {
		s.b.Log.Error("forgetting what is over", "error", err)
	}
}
