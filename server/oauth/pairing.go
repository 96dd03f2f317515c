package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/page"
)

// PairingCodes are codes that the owner made beforehand, to answer from the browser instead of the desktop.
type PairingCodes interface {
	// Redeem takes a code, once, and returns what it gives. It returns ErrCode, and how many more wrong ones are borne,
	// for a code that does not hold.
	Redeem(ctx context.Context, code string) (terms approval.Terms, left int, err error)
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
	v.mu.Lock()
	v.wrong++ // counted before it is looked at, so that many at once are no more tries
	tried := v.wrong
	v.mu.Unlock()
	if tried > maxWrongCodes {
		s.show(w, page.Problem{Kind: page.TooMany, Client: shownClient(v.client), Wait: 5 * time.Minute})
		return
	}
	terms, left, err := s.Codes.Redeem(r.Context(), in.Get(page.FieldCode))
	if err == nil {
		err = s.Approver.Answer(context.WithoutCancel(r.Context()), v.approval, approval.Answer{Approved: true, Via: "pairing code", Number: fmt.Sprint(v.number), Terms: &terms})
		if err == nil || errors.Is(err, approval.ErrSettled) {
			s.finish(w, r, v)
			return
		}
	}
	if !errors.Is(err, ErrCode) {
		s.Log.Error("taking a pairing code", "error", err)
		s.show(w, page.Problem{Kind: page.Failed, Client: shownClient(v.client)})
		return
	}
	q, err := s.Approver.Get(r.Context(), v.approval)
	if err != nil || q.State != approval.Pending {
		s.showVisit(w, r, v)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := s.waitingPage(v, q, true)
	p.Code.Wrong, p.Code.Tries = true, min(left, maxWrongCodes-tried)
	s.show(w, p)
}
