package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"postern/internal/approval"
	"postern/server/oauth/opaque"
	"postern/server/oauth/page"
)

// Where the waiting page looks and sends its forms.
const (
	statusPath = page.StatusPath
	finishPath = page.FinishPath
	cancelPath = page.CancelPath
	codePath   = page.CodePath
)

// serveStatus tells the waiting page whether the owner has answered.
func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	v := s.waiting.find(r.URL.Query().Get(page.FieldRequest))
	if v == nil || !s.belongs(r, v) {
		writeJSON(w, http.StatusNotFound, map[string]string{"state": string(page.Over)})
		return
	}
	status := page.Status{State: page.Over}
	if q, err := s.Approver.Get(r.Context(), v.approval); err == nil {
		switch q.State {
		case approval.Approved:
			status.State = page.Allowed
		case approval.Pending:
			status.State, status.Left = s.state(q), q.ExpiresAt.Sub(s.Now())
		}
	}
	if err := page.WriteStatus(w, status); err != nil {
		s.Log.Debug("a status was not written", "error", err)
	}
}

// sent finds the visit that a form belongs to, or shows why it is not acted on: another browser, another site, or a page
// that is out of date.
func (s *Server) sent(w http.ResponseWriter, r *http.Request) (*visit, url.Values) {
	in, e := form(r)
	if e != nil {
		s.show(w, page.Problem{Kind: page.Malformed, Detail: e.Description})
		return nil, nil
	}
	v := s.waiting.find(in.Get(page.FieldRequest))
	switch {
	case v == nil:
		s.show(w, page.Problem{Kind: page.Ended})
	case !s.belongs(r, v):
		s.show(w, page.Problem{Kind: page.OtherBrowser})
	case !same(in.Get(page.FieldToken), v.token) || crossSite(r):
		s.show(w, page.Problem{Kind: page.StaleForm, Client: shownClient(v.client)})
	case s.closed() != "":
		s.show(w, page.Problem{Kind: closedKind(s.closed())})
	default:
		return v, in
	}
	return nil, nil
}

// crossSite reports whether a browser says that a form was sent from elsewhere. (The header Origin is "null" for the
// page's own forms, since it sends no referrer.)
func crossSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

// serveFinish mints the code, if the owner has said yes, and sends the browser to the client with it.
func (s *Server) serveFinish(w http.ResponseWriter, r *http.Request) {
	if v, _ := s.sent(w, r); v != nil {
		s.finish(w, r, v)
	}
}

func (s *Server) finish(w http.ResponseWriter, r *http.Request, v *visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		s.show(w, s.outcome(r.Context(), v))
		return
	}
	ctx := context.WithoutCancel(r.Context()) // a browser that goes away leaves nothing half done
	q, err := s.Approver.Get(ctx, v.approval)
	switch {
	case err != nil:
		s.Log.Error("reading a question", "error", err)
		s.show(w, page.Problem{Kind: page.Failed})
		return
	case q.State == approval.Pending:
		s.show(w, s.waitingPage(v, q, false))
		return
	case q.State != approval.Approved:
		s.turnAway(w, v, q.State)
		return
	}
	code, hash, err := s.grant(ctx, v, q.ID)
	if err != nil {
		s.Log.Error("making a grant", "error", err)
		s.show(w, page.Problem{Kind: page.Failed, Client: shownClient(v.client)})
		return
	}
	v.over, v.code, v.location = true, hash, s.location(v.request, url.Values{"code": {code}})
	s.show(w, page.Finish{Client: shownClient(v.client), Destination: destination(v.request.redirectURI), Location: v.location})
}

// outcome is the page of a visit that is over, for a form that is sent again and a page that is loaded again. The answer
// that took the browser to the client may have been lost, and the owner's yes with it. So while the client has not taken
// its code, and still can, the page holds the way there; it does not go by itself, since a code that arrives twice is taken
// for stolen. v.mu is held.
func (s *Server) outcome(ctx context.Context, v *visit) page.Done {
	p := page.Done{Client: shownClient(v.client), Destination: destination(v.request.redirectURI), Denied: v.denied}
	if v.denied {
		p.Location = v.location
		return p
	}
	h, err := s.Store.Holder(ctx, v.code)
	switch {
	case err != nil:
		s.Log.Warn("reading whether a code was used", "error", err)
	case !h.Token.UsedAt.IsZero():
	case s.over(&h):
		p.Late = true
	default:
		p.Location = v.location
	}
	return p
}

// grant makes what the owner has given, once, and the code for it with its hash.
func (s *Server) grant(ctx context.Context, v *visit, question string) (code string, hash []byte, err error) {
	pepper, err := s.Pepper()
	if err != nil {
		return "", nil, err
	}
	life, err := s.lifetimes(ctx)
	if err != nil {
		return "", nil, err
	}
	q, err := s.Approver.Claim(ctx, question)
	if err != nil {
		return "", nil, err
	}
	if q.Answer == nil || q.Answer.Terms == nil {
		return "", nil, errors.Join(errors.New("the yes does not say what is given"), s.Approver.Finish(ctx, question, approval.Failed, ""))
	}
	now := s.Now()
	code = opaque.New(opaque.Code)
	hash = pepper.Hash(code)
	g := Grant{
		ID: newID("g"), ClientID: v.client.ID, Resource: s.Resource(), RedirectURI: v.request.redirectURI, Profiles: q.Answer.Terms.Profiles,
		Scopes: slices.Sorted(slices.Values(q.Answer.Terms.Scopes)), ApprovedVia: q.Answer.Via, CreatedAt: now, ExpiresAt: q.Answer.Terms.Expires,
	}
	first := Token{Hash: hash, GrantID: g.ID, Use: ForCode, IssuedAt: now, ExpiresAt: now.Add(life.Code), RedirectURI: v.request.redirectURI, Challenge: v.request.challenge}
	if err := s.Store.AddGrant(ctx, g, first); err != nil {
		return "", nil, errors.Join(err, s.Approver.Finish(ctx, question, approval.Failed, ""))
	}
	if why := s.closed(); why != "" { // meanwhile, perhaps after all grants were ended
		return "", nil, errors.Join(fmt.Errorf("nothing is let in now: %s", why), s.Store.RevokeGrant(ctx, g.ID, why, now), s.Approver.Finish(ctx, question, approval.Failed, ""))
	}
	s.Log.Info("a client was let in", "client", v.client.ID, "grant", g.ID, "scopes", g.Scopes, "via", g.ApprovedVia)
	if s.Window != nil && s.Public {
		if err := s.Window.Close(ctx); err != nil {
			s.Log.Warn("closing the pairing window", "error", err)
		}
	}
	if err := s.Approver.Finish(ctx, question, approval.Done, g.ID); err != nil {
		s.Log.Warn("settling a question", "error", err)
	}
	return code, hash, nil
}

// serveCancel takes the request back: the person at the browser does not want it.
func (s *Server) serveCancel(w http.ResponseWriter, r *http.Request) {
	v, _ := s.sent(w, r)
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		s.show(w, s.outcome(r.Context(), v))
		return
	}
	if err := s.Approver.Withdraw(context.WithoutCancel(r.Context()), v.approval); err != nil && !errors.Is(err, approval.ErrSettled) {
		s.Log.Warn("withdrawing a question", "error", err)
	}
	s.turnAway(w, v, approval.Withdrawn)
}
