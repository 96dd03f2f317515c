// Package guard stands in front of the MCP endpoint: it looks at the address, the origin, the size, the token and what
// is asked, and passes on only what it has understood and what the grant allows. It knows no MCP library; what stands
// behind it may trust that a request has a client, whose it is, and that it says one thing only.
package guard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/server/oauth"
	"postern/server/peek"
	"postern/server/place"
)

// The causes with which a request's context ends before the request does.
var (
	ErrEnded    = errors.New("the owner has ended the grant")
	ErrNarrowed = errors.New("the owner has taken this from the grant")
	ErrExpired  = errors.New("the access token is over") // of a stream
)

// Verifier checks access tokens, see oauth.Server.
type Verifier interface {
	Verify(ctx context.Context, token string) (oauth.Holder, error)
	Holds(scopes []string, want string) bool
	ResourceMetadata() string
}

// Guard is the way to the MCP endpoint. Its fields are set before the first request and not changed.
type Guard struct {
	Issuer   string
	Tokens   Verifier
	Basic    []string                                                         // scopes that a challenge names to a client without a token
	Needs    func(peek.Message) []string                                      // the scopes that a message needs, all of them
	Once     func(oauth.Holder, peek.Message, []string) bool                  // uses up the owner's yes to this call alone, without those scopes; nil for none
	Widen    func(context.Context, oauth.Holder, peek.Message, []string) bool // asks the owner for missing scopes; false if not
	Paused   func() bool
	Origins  func() []string            // web origins that may call besides the own one; nil for none
	Source   func(*http.Request) string // the address that a request came from; nil: that of its connection
	Public   bool                       // the side that is reached from outside
	Address  string                     // class of the addresses that requests come from, for the owner: "this computer" or "public"
	Sessions *Sessions
	Live     *Live
	Next     http.Handler
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // nil: silent

	unknown failures
}

// maxBody is the most bytes of a message. Files go by handle.
const maxBody = 4 << 20

func (g *Guard) issuer() string { return g.Issuer }

func (g *Guard) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}

func (g *Guard) source(r *http.Request) string {
	source := r.RemoteAddr
	if g.Source != nil {
		source = g.Source(r)
	}
	address, _ := place.Address(source)
	return address
}

// place is what bad tokens are counted by, "" for places that cannot be told apart.
func (g *Guard) place(r *http.Request) string {
	if g.Public {
		return place.Public(g.source(r))
	}
	return place.Of(g.source(r))
}

func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if g.foreign(r) {
		plain(w, http.StatusForbidden, "this web page may not call Postern")
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" && allowOrigin(w, r, origin) {
		return
	}
	switch r.Method {
	case http.MethodPost, http.MethodGet, http.MethodDelete:
	default:
		w.Header().Set("Allow", "POST, GET, DELETE")
		plain(w, http.StatusMethodNotAllowed, "this address takes POST, GET and DELETE")
		return
	}
	h, ok := g.holder(w, r)
	if !ok {
		return
	}
	if g.Paused != nil && g.Paused() {
		w.Header().Set("Retry-After", "60")
		plain(w, http.StatusServiceUnavailable, "the owner has paused Postern; the token stays good")
		return
	}
	ctx, live, err := g.Live.begin(context.WithValue(r.Context(), holderKey{}, h), h, g.Address, g.now())
	if err != nil {
		busy(w, err)
		return
	}
	defer live.end()
	r = r.WithContext(ctx)
	var m peek.Message
	if r.Method == http.MethodPost {
		if m, ok = g.message(w, r, &h); !ok {
			return
		}
		live.needs(g.Needs(m))
		r = r.WithContext(context.WithValue(context.WithValue(ctx, holderKey{}, h), messageKey{}, m))
	}
	if !g.session(w, r, h, m) {
		return
	}
	if r.Method == http.MethodGet || m.Method == "subscriptions/listen" {
		if err := live.listen(); err != nil {
			busy(w, err)
			return
		}
	}
	g.Next.ServeHTTP(w, r)
}

// busy tells a client to come back: one that has too much running itself, or one that finds no room.
func busy(w http.ResponseWriter, why error) {
	status, after := http.StatusServiceUnavailable, "5"
	if errors.Is(why, errMany) {
		status, after = http.StatusTooManyRequests, "1"
	}
	w.Header().Set("Retry-After", after)
	plain(w, status, why.Error())
}

// holder checks the token. If it is not good it answers, and ok is false.
func (g *Guard) holder(w http.ResponseWriter, r *http.Request) (h oauth.Holder, ok bool) {
	c := Challenge{Scope: strings.Join(g.Basic, " "), Metadata: g.Tokens.ResourceMetadata()}
	token, given, ok := bearer(r)
	if !given {
		g.challenge(w, http.StatusUnauthorized, c)
		return h, false
	}
	err := oauth.ErrToken
	if ok {
		h, err = g.Tokens.Verify(r.Context(), token)
	}
	switch {
	case errors.Is(err, oauth.ErrToken):
		if wait := g.unknown.count(g.place(r), g.now()); wait > 0 { // who has a good token is not held up by it
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			plain(w, http.StatusTooManyRequests, "too many requests with a token that is not valid")
			return h, false
		}
		c.Error, c.Description = "invalid_token", err.Error()
		g.challenge(w, http.StatusUnauthorized, c)
		return h, false
	case err != nil:
		g.log().Error("checking a token", "error", err)
		w.Header().Set("Retry-After", "5")
		plain(w, http.StatusServiceUnavailable, "Postern could not check the token; its log says why")
		return h, false
	}
	return h, true
}

func (g *Guard) challenge(w http.ResponseWriter, status int, c Challenge) {
	w.Header().Set("WWW-Authenticate", c.String())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"`+orElse(c.Error, "unauthorized")+`"}`+"\n") // that nobody reads it is no error
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// session checks that a request has a session if it needs one, and that it is the grant's own: to another it does not
// exist.
func (g *Guard) session(w http.ResponseWriter, r *http.Request, h oauth.Holder, m peek.Message) bool {
	ids := r.Header.Values(sessionHeader)
	switch {
	case r.Header.Get(versionHeader) >= firstModern || m.Version >= firstModern: // there are none any more, and the header means nothing
	case m.Method == "initialize":
		r.Header.Del(sessionHeader)
	case len(ids) == 0:
		plain(w, http.StatusBadRequest, "the header "+sessionHeader+" is missing: send initialize first")
		return false
	case len(ids) > 1 || !g.Sessions.Belongs(ids[0], h.Grant.ID):
		plain(w, http.StatusNotFound, "there is no such session")
		return false
	}
	return true
}

const (
	sessionHeader = "Mcp-Session-Id"
	versionHeader = "Mcp-Protocol-Version"
	methodHeader  = "Mcp-Method"
	nameHeader    = "Mcp-Name"
)

// firstModern is the first revision without sessions. Revisions are dates, so they compare as text.
const firstModern = "2026-07-28"

// message reads what a POST says, once, and checks it against the headers and the grant. What is passed on is what was
// read. A scope that the owner has given for this call alone is added to h.
func (g *Guard) message(w http.ResponseWriter, r *http.Request, h *oauth.Holder) (m peek.Message, ok bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		plain(w, http.StatusUnsupportedMediaType, "the body must be application/json")
		return m, false
	}
	if r.Header.Get("Content-Encoding") != "" {
		plain(w, http.StatusUnsupportedMediaType, "the body must not be compressed")
		return m, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		refuse(w, http.StatusRequestEntityTooLarge, nil, peek.InvalidRequest, "the message has more than 4 MiB: pass files by handle", nil)
		return m, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, http.StatusRequestTimeout, nil, peek.ParseError, "the body came too slowly", nil)
		return m, false
	case err != nil:
		refuse(w, http.StatusBadRequest, nil, peek.ParseError, "the body could not be read", nil)
		return m, false
	}
	if m, err = peek.Read(body); err != nil {
		var e *peek.Error
		errors.As(err, &e)
		refuse(w, http.StatusBadRequest, e.ID, e.Code, e.Reason, nil)
		return m, false
	}
	if why := mismatch(r, m); why != "" {
		refuse(w, http.StatusBadRequest, m.ID, headerMismatch, why, nil)
		return m, false
	}
	if missing := g.missing(*h, m); len(missing) > 0 {
		if g.Once == nil || !g.Once(*h, m, missing) {
			g.insufficient(w, r, *h, m, missing)
			return m, false
		}
		h.Token.Scopes = append(slices.Clone(h.Token.Scopes), missing...)
	}
	replace(r, body)
	return m, true
}

// missing returns the scopes that a message needs and the token has not.
func (g *Guard) missing(h oauth.Holder, m peek.Message) []string {
	return slices.DeleteFunc(g.Needs(m), func(want string) bool { return g.Tokens.Holds(h.Token.Scopes, want) })
}

// insufficient answers a call that the grant does not allow (RFC 6750 section 3.1), and asks the owner to widen it: few
// clients can ask for more by themselves, and tokens follow their grant.
func (g *Guard) insufficient(w http.ResponseWriter, r *http.Request, h oauth.Holder, m peek.Message, missing []string) {
	scope := strings.Join(missing, " ")
	text := "the owner has not given this client the scope " + scope
	granted := !slices.ContainsFunc(missing, func(want string) bool { return !g.Tokens.Holds(h.Grant.Scopes, want) })
	if granted {
		text = "this token was narrowed and has not the scope " + scope + ", but its grant has: refresh without naming scopes"
	} else if g.Widen != nil && g.Widen(r.Context(), h, m, missing) {
		text += "; the owner is being asked for it now: tell them to look at Postern, and try again when they have said yes"
	} else {
		text += ", and cannot be asked for it now"
	}
	w.Header().Set("WWW-Authenticate", Challenge{Error: "insufficient_scope", Description: text, Scope: scope, Metadata: g.Tokens.ResourceMetadata()}.String())
	refuse(w, http.StatusForbidden, m.ID, insufficientScope, text, map[string]any{"scope": scope})
}

func (g *Guard) log() *slog.Logger {
	if g.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return g.Log
}
