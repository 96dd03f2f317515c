package oauth

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"postern/internal/approval"
	"postern/server/oauth/opaque"
	"postern/server/oauth/page"
	"postern/server/oauth/redirect"
)

// wait puts the question to the owner, once, and shows the page that waits for the answer.
func (s *Server) wait(w http.ResponseWriter, r *http.Request, c Client, a authorization) {
	v := &visit{id: newID(""), token: opaque.New(opaque.Form), client: c, request: a, place: s.place(r), begun: s.Now()}
	question, problem := s.question(r, v)
	if problem != nil {
		s.show(w, *problem)
		return
	}
	if problem := s.ask(w, r, v, question); problem != nil {
		s.show(w, *problem)
		return
	}
	s.showVisit(w, r, v)
}

// question is what the owner is asked, and the number of the visit.
func (s *Server) question(r *http.Request, v *visit) (approval.Request, *page.Problem) {
	ctx := r.Context()
	profiles, err := s.Offers.Profiles(ctx)
	var scopes []approval.Choice
	if err == nil {
		scopes, err = s.Offers.Scopes(ctx, v.request.scopes)
	}
	var life Lifetimes
	if err == nil {
		life, err = s.lifetimes(ctx)
	}
	if err != nil {
		s.Log.Error("reading what the owner can give", "error", err)
		return approval.Request{}, &page.Problem{Kind: page.Failed}
	}
	if len(profiles) == 0 {
		return approval.Request{}, &page.Problem{Kind: page.NoProfile}
	}
	numbers := approval.NewNumbers()
	v.number, _ = strconv.Atoi(numbers[0])
	to := redirect.Describe(v.request.redirectURI)
	offer := &approval.Offer{
		ClientID: v.client.ID, Identity: identity(v.client), SendTo: v.request.redirectURI, Target: string(to.Kind), Host: to.Host, Known: to.Known,
		From: s.from(r), Public: s.Public, Profiles: profiles, Scopes: scopes, Longest: max(life.Grant, 0),
	}
	return approval.Request{
		Kind: approval.Connect, Client: v.client.Name, Origin: s.from(r), ClientKey: ConnectKey + v.client.ID, Offer: offer, Shown: strings.Join(numbers, " "),
		Preview: approval.Preview{Title: fmt.Sprintf("Let %q in?", v.client.Name), Warnings: warnings(v.client, to)},
	}, nil
}

// warnings are what deserves a second look before a client is let in.
func warnings(c Client, to redirect.Target) []approval.Text {
	var all []approval.Text
	switch {
	case to.Lookalike != "":
		all = append(all, approval.Say("connect.lookalike", "{host} looks like {known}, but is a different place.", "host", to.Host, "known", to.Lookalike))
	case to.Kind == redirect.Loopback:
		all = append(all, approval.Say("connect.loopback", "Access goes to an app on the computer where the browser runs. Any app there can call itself so."))
	case to.Known == "":
		all = append(all, approval.Say("connect.unknown", "Access will be sent to {host}, which is not on the list of known apps. Say yes only if you began this yourself and trust whoever runs it.", "host", to.Host))
	}
	if c.Kind == Dynamic && to.Known == "" {
		all = append(all, approval.Say("connect.dynamic", "It registered itself: nobody vouches for its name."))
	}
	return all
}

// from says where a request came from.
func (s *Server) from(r *http.Request) string {
	if !s.Public {
		return "this computer"
	}
	return "the internet, " + s.source(r)
}

// reload shows the page of a visit again. Since it began the owner may have blocked the client.
func (s *Server) reload(w http.ResponseWriter, r *http.Request, v *visit) {
	if c, err := s.Store.Client(r.Context(), v.client.ID); err == nil && c.Status == Blocked {
		s.show(w, page.Problem{Kind: page.Blocked, Client: shownClient(c)})
		return
	}
	s.showVisit(w, r, v)
}

// showVisit shows how a visit stands.
func (s *Server) showVisit(w http.ResponseWriter, r *http.Request, v *visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	q, err := s.Approver.Get(r.Context(), v.approval)
	if err != nil {
		s.Log.Warn("reading a question", "error", err)
		s.show(w, page.Problem{Kind: page.Ended, Client: shownClient(v.client)})
		return
	}
	switch {
	case v.over:
		s.show(w, s.outcome(r.Context(), v))
	case v.ended.Load():
		s.show(w, page.Problem{Kind: page.Ended, Client: shownClient(v.client)})
	case q.State == approval.Pending:
		s.show(w, s.waitingPage(v, q, r.URL.Query().Has(typingParameter)))
	case q.State == approval.Approved:
		s.show(w, page.Approved{Form: v.form(), Client: shownClient(v.client), Destination: destination(v.request.redirectURI)})
	default:
		s.turnAway(w, v, q.State)
	}
}

// waitingPage is the page of a visit whose question is open. v.mu is held.
func (s *Server) waitingPage(v *visit, q approval.Request, typing bool) page.Waiting {
	p := page.Waiting{
		Form: v.form(), Number: v.number, State: s.state(q), ID: q.ID, Left: q.ExpiresAt.Sub(s.Now()), Client: shownClient(v.client),
		Destination: destination(v.request.redirectURI), Here: v.request.here,
	}
	for _, c := range q.Offer.Scopes {
		if c.Asked {
			p.Scopes = append(p.Scopes, page.Scope{Text: c.Title, Asks: c.Risky})
		}
	}
	if s.Codes != nil && p.Destination.Known {
		p.Code = &page.Code{Address: v.request.here + "&" + typingParameter + "=1", Typing: typing}
	}
	return p
}

// state is how an open question stands, for the page.
func (s *Server) state(q approval.Request) page.State {
	switch {
	case q.Offer != nil && q.Offer.Quiet:
		return page.Quiet
	case s.Faces != nil && s.Faces() == 0:
		return page.NoFace
	}
	return page.Asked
}

// typingParameter marks the address of a page in which a person types a pairing code. No client has a use for it.
const typingParameter = "postern_code"

// turnAway ends a visit that was not let in. v.mu is held.
func (s *Server) turnAway(w http.ResponseWriter, v *visit, state approval.State) {
	v.over, v.denied = true, true
	v.ended.Store(true)
	why := "the owner said no"
	switch state {
	case approval.Denied:
	case approval.Expired:
		why = "nobody answered in time"
	default:
		why = "the request was withdrawn"
	}
	v.location = s.location(v.request, url.Values{"error": {accessDenied}, "error_description": {why}})
	s.show(w, page.Finish{Client: shownClient(v.client), Destination: destination(v.request.redirectURI), Location: v.location, Denied: true})
}
