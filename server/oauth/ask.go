package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/page"
)

// ask puts the question of a new visit to the owner and remembers the visit, or says on a page why not. It does so for
// one visit at a time: how many wait, and whether one shows already, must still be so when the next one is put.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, v *visit, question approval.Request) *page.Problem {
	s.waiting.asking.Lock()
	defer s.waiting.asking.Unlock()
	ctx := r.Context()
	open, err := s.look(ctx)
	if err != nil {
		s.Log.Error("reading the questions that are open", "error", err)
		return &page.Problem{Kind: page.Failed}
	}
	if len(open) >= slots || s.waiting.full() {
		return &page.Problem{Kind: page.TooMany, Client: shownClient(v.client), Wait: time.Minute}
	}
	if problem := s.keep(ctx, v.client); problem != nil {
		return problem
	}
	question.Offer.Quiet = s.quiet(ctx, open)
	asked, err := s.Approver.Ask(ctx, question)
	if err != nil {
		s.Log.Warn("the owner could not be asked", "error", err)
		kind := page.Failed
		if errors.Is(err, approval.ErrTooMany) {
			kind = page.TooMany
		}
		return &page.Problem{Kind: kind, Client: shownClient(v.client), Wait: time.Minute}
	}
	v.approval = asked.ID
	s.bind(w, v)
	s.waiting.add(v)
	return nil
}

// standing is a visit and its question.
type standing struct {
	*visit
	question approval.Request
}

// look returns the visits that the owner has not answered yet, and counts the noes to the others: a browser need not come
// back to hear of one.
func (s *Server) look(ctx context.Context) (open []standing, err error) {
	for _, v := range s.waiting.all() {
		q, err := s.Approver.Get(ctx, v.approval)
		switch {
		case errors.Is(err, approval.ErrNotFound):
		case err != nil:
			return nil, err
		case q.State == approval.Pending:
			open = append(open, standing{v, q})
		case q.State == approval.Denied:
			s.waiting.refuse(v, q.SettledAt)
		}
	}
	return open, nil
}

// quiet reports whether a new question must not show by itself: from outside when no app is expected, or when another
// shows already, and after the owner has said no again and again.
func (s *Server) quiet(ctx context.Context, open []standing) bool {
	if s.waiting.coolDown() {
		return true
	}
	for _, other := range open {
		if !other.question.Offer.Quiet {
			return true
		}
	}
	return s.Public && s.Window != nil && !s.Window.Open(ctx)
}
