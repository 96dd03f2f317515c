package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/page"
	"postern/server/oauth/redirect"
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
	same, open := s.sameApp(r, v, open)
	for _, other := range same {
		if !s.belongs(r, other.visit) {
			return &page.Problem{Kind: page.AsksAlready, Client: shownClient(v.client), Wait: other.question.ExpiresAt.Sub(s.Now())}
		}
	}
	if until := s.taken(v, open); !until.IsZero() {
		return &page.Problem{Kind: page.TooMany, Client: shownClient(v.client), Wait: until.Sub(s.Now()), Here: v.request.here}
	}
	if s.waiting.full() {
		return &page.Problem{Kind: page.TooMany, Client: shownClient(v.client), Wait: time.Minute, Here: v.request.here}
	}
	if problem := s.keep(ctx, v.client); problem != nil {
		return problem
	}
	for _, other := range same {
		if err := s.replace(context.WithoutCancel(ctx), other); err != nil {
			s.Log.Error("withdrawing an older question", "error", err)
			return &page.Problem{Kind: page.Failed}
		}
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

// look returns the visits that the owner has not answered yet, and counts the others that were denied or withdrawn: a
// browser need not come back to hear of it.
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
		case q.State == approval.Withdrawn:
			s.waiting.withdraw(v, q, q.SettledAt)
		}
	}
	return open, nil
}

// sameApp parts the visits that wait into those of v's app and the others. An app is a client at one address or in one
// browser; and in one browser also what is sent to the same redirect URI, since some apps register anew each time they
// try. It has one question at a time, so that it cannot take all slots; but a stranger elsewhere cannot keep it from asking.
func (s *Server) sameApp(r *http.Request, v *visit, open []standing) (same, others []standing) {
	for _, other := range open {
		client, own := other.client.ID == v.client.ID, s.belongs(r, other.visit)
		if client && (own || other.place == v.place) || own && other.request.redirectURI == v.request.redirectURI {
			same = append(same, other)
		} else {
			others = append(others, other)
		}
	}
	return same, others
}

// taken says until when at the latest no slot is free for v, the zero time if there is one. From outside one place has one,
// so that a stranger cannot take them all, and the last is for an app whose address Postern knows: the owner's own mostly is.
func (s *Server) taken(v *visit, open []standing) (until time.Time) {
	var all, unknown []time.Time
	for _, other := range open {
		ends := other.question.ExpiresAt
		if s.Public && v.place != "" && other.place == v.place {
			return ends
		}
		all = append(all, ends)
		if other.unknown() {
			unknown = append(unknown, ends)
		}
	}
	switch {
	case len(all) >= slots:
		until = slices.MinFunc(all, time.Time.Compare)
	case s.Public && v.unknown() && len(unknown) >= strangers:
		until = slices.MinFunc(unknown, time.Time.Compare)
	}
	return until
}

// unknown reports whether access would be sent to where Postern knows no app.
func (v *visit) unknown() bool { return redirect.Describe(v.request.redirectURI).Known == "" }

// replace takes the question of a visit back, since its browser asks for something else for the same app. If the owner has
// been faster, that is no error, and the visit stays as it is: the yes is to its own request. It does not wait for the
// visit's lock: whoever holds that may be writing a page to a browser that does not read, and everybody else would wait too.
func (s *Server) replace(ctx context.Context, v standing) error {
	switch err := s.Approver.Withdraw(ctx, v.approval); {
	case errors.Is(err, approval.ErrSettled):
	case err != nil:
		return err
	default:
		v.ended.Store(true)
		s.waiting.withdraw(v.visit, v.question, s.Now())
	}
	return nil
}

// quiet reports whether a new question must not show by itself: from outside when no app is expected, or when another
// shows already, and after the owner has said no, or questions were taken back, again and again.
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
