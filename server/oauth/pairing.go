package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/page"
)

// PairingCodes are codes that the owner made beforehand, to answer from the browser instead of the desktop.
type PairingCodes interface {
	// Redeem takes a code, once, and returns what it gives. It returns ErrCode, and how many more wrong ones are borne,
	// for a code that does not hold. One that fit returns an error for is not taken, and the error returned.
	Redeem(ctx context.Context, code string, fit func(approval.Terms) error) (terms approval.Terms, left int, err error)
}

// ErrCode is returned for a pairing code that does not hold.
var ErrCode = errors.New("this pairing code does not hold")

// maxWrongCodes is how many wrong codes one visit may type.
const maxWrongCodes = 5

// servePairingCode answers the question with a pairing code in place of the owner.
func (s *Server) servePairingCode(w http.ResponseWriter, r *http.Request) {
	v, in := s.sent(w, r)
	if v == nil {
		return
	}
	if s.Codes == nil || !destination(v.request.redirectURI).Known {
		s.show(w, page.Problem{Kind: page.StaleForm, Client: shownClient(v.client)})
		return
	}
	q, err := s.Approver.Get(r.Context(), v.approval)
	if err != nil || q.State != approval.Pending { // a code would be spent for nothing
		s.finish(w, r, v)
		return
	}
	v.mu.Lock()
	v.wrong++ // counted before it is looked at, so that many at once are no more tries
	tried := v.wrong
	v.mu.Unlock()
	if tried > maxWrongCodes {
		s.show(w, page.Problem{Kind: page.TooMany, Client: shownClient(v.client), Wait: 5 * time.Minute})
		return
	}
	terms, left, err := s.Codes.Redeem(r.Context(), in.Get(page.FieldCode), func(t approval.Terms) error { return s.fits(q.Offer, t) })
	var lacking *lackingError
	if err == nil {
		err = s.Approver.Answer(context.WithoutCancel(r.Context()), v.approval, approval.Answer{Approved: true, Via: "pairing code", Number: fmt.Sprint(v.number), Terms: &terms})
		if err == nil || errors.Is(err, approval.ErrSettled) {
			s.finish(w, r, v)
			return
		}
	}
	if errors.As(err, &lacking) {
		v.mu.Lock()
		v.wrong--
		v.mu.Unlock()
	} else if !errors.Is(err, ErrCode) {
		s.Log.Error("taking a pairing code", "error", err)
		s.show(w, page.Problem{Kind: page.Failed, Client: shownClient(v.client)})
		return
	}
	if q, err = s.Approver.Get(r.Context(), v.approval); err != nil || q.State != approval.Pending {
		s.showVisit(w, r, v)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := s.waitingPage(v, q, true)
	if lacking != nil {
		p.Code.Lacks = lacking.what
	} else {
		p.Code.Wrong, p.Code.Tries = true, min(left, maxWrongCodes-tried)
	}
	s.show(w, p)
}

// lackingError is what keeps a right pairing code from being taken.
type lackingError struct {
	what []string // that it gives and that is not to be had, in words
}

func (e *lackingError) Error() string {
	return "what the pairing code gives is not to be had: " + strings.Join(e.what, ", ")
}

// fits returns a lackingError for terms of which something is not on offer any more. A code that is taken is gone, so this
// is looked at before.
func (s *Server) fits(o *approval.Offer, t approval.Terms) error {
	var what []string
	profiles, scopes := o.Missing(t)
	switch len(profiles) {
	case 0:
	case 1:
		what = append(what, "a Google account that is no longer there")
	default:
		what = append(what, fmt.Sprintf("%d Google accounts that are no longer there", len(profiles)))
	}
	if len(scopes) > 0 {
		what = append(what, strings.Join(scopes, ", "))
	}
	if !t.Expires.IsZero() && !s.Now().Before(t.Expires) {
		what = append(what, "access until a time that is over")
	}
	if what == nil {
		return nil
	}
	return &lackingError{what}
}
