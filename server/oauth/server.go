package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/cimd"
	"postern/server/oauth/opaque"
	"postern/server/place"
)

// Server is an authorization server with one issuer. Its fields are set before the first request and not changed. Two
// of them, for the local and the public side, may share a Store: what one has issued is no good at the other.
type Server struct {
	Issuer    string // scheme, host and port alone, e.g. http://127.0.0.1:7878
	Public    bool   // it is reached from outside of this computer
	Store     Store
	Approver  Approver
	Catalogue Catalogue
	Offers    Offers
	Documents Documents // nil: no client is named by the address of a document
	Pepper    func() (opaque.Pepper, error)
	Window    Window                                   // nil: always open
	Codes     PairingCodes                             // nil: there are none
	Closed    func() string                            // why nobody is let in now, e.g. "paused"; nil or "" if there is no reason
	Faces     func() int                               // how many faces can show a question now; nil: not known
	Source    func(*http.Request) string               // the address that a request came from; nil: that of its connection
	Ended     func(grantID string)                     // told of each grant that a client has ended itself; nil for nobody
	Lifetimes func(context.Context) (Lifetimes, error) // read whenever something is issued; nil: the defaults
	Now       func() time.Time                         // time.Now
	Log       *slog.Logger                             // nil: silent

	once    sync.Once
	limits  *limits
	waiting *waiting
}

// Approver is the queue of questions to the owner, see approval.Queue.
type Approver interface {
	Ask(ctx context.Context, r approval.Request) (approval.Request, error)
	Get(ctx context.Context, id string) (approval.Request, error)
	Withdraw(ctx context.Context, id string) error
	Claim(ctx context.Context, id string) (approval.Request, error)
	Finish(ctx context.Context, id string, to approval.State, result string) error
	Answer(ctx context.Context, id string, a approval.Answer) error
}

// Offers says what the owner can give now.
type Offers interface {
	// Profiles returns the profiles that a client may be given.
	Profiles(ctx context.Context) ([]approval.Choice, error)
	// Scopes returns the scopes that a client may be given, those of asked marked.
	Scopes(ctx context.Context, asked []string) ([]approval.Choice, error)
}

// Documents fetches Client ID Metadata Documents, see cimd.Fetcher.
type Documents interface {
	Fetch(ctx context.Context, id, etag string) (cimd.Fetched, error)
}

// Window is the pairing window: the time in which the owner expects new clients.
type Window interface {
	// Open reports whether it is open.
	Open(ctx context.Context) bool
	// Close closes it: a client was let in.
	Close(ctx context.Context) error
}

func (s *Server) start() {
	s.once.Do(func() {
		if s.Now == nil {
			s.Now = time.Now
		}
		if s.Log == nil {
			s.Log = slog.New(slog.DiscardHandler)
		}
		s.limits = newLimits(s.Now)
		s.waiting = newWaiting(s.Now)
	})
}

// Handler serves the endpoints: metadata, registration, authorization with its pages, token and revocation. Everything
// else is answered 404 in JSON.
func (s *Server) Handler() http.Handler {
	s.start()
	mux := http.NewServeMux()
	for _, path := range []string{ResourcePath, ResourcePath + Path} {
		mux.HandleFunc("GET "+path, s.serveResourceMetadata)
		mux.HandleFunc("OPTIONS "+path, preflight)
	}
	mux.HandleFunc("GET "+ServerPath, s.serveServerMetadata)
	mux.HandleFunc("OPTIONS "+ServerPath, preflight)
	mux.HandleFunc("POST "+registerPath, s.serveRegister)
	mux.HandleFunc("POST "+tokenPath, s.serveToken)
	mux.HandleFunc("POST "+revokePath, s.serveRevoke)
	mux.HandleFunc("GET "+authorizePath, s.serveAuthorize)
	mux.HandleFunc("GET "+statusPath, s.serveStatus)
	mux.HandleFunc("POST "+finishPath, s.serveFinish)
	mux.HandleFunc("POST "+cancelPath, s.serveCancel)
	mux.HandleFunc("POST "+codePath, s.servePairingCode)
	for _, path := range Paths() {
		mux.HandleFunc(path, otherMethod)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "not_found"})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead { // nothing here is for it, and a page must not begin to wait for it
			w.Header().Set("Allow", "GET, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Paths are where a Server answers, for whoever puts it beside other handlers.
func Paths() []string {
	return []string{ResourcePath, ResourcePath + Path, ServerPath, registerPath, tokenPath, revokePath, authorizePath, statusPath, finishPath, cancelPath, codePath}
}

// otherMethod answers what no endpoint takes, in JSON (RFC 9110 section 15.5.6).
func otherMethod(w http.ResponseWriter, r *http.Request) {
	allow := "GET"
	switch r.URL.Path {
	case registerPath, tokenPath, revokePath, finishPath, cancelPath, codePath:
		allow = "POST"
	}
	w.Header().Set("Allow", allow)
	writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": invalidRequest, "error_description": "this address takes " + allow})
}

// preflight lets any web page read the metadata.
func preflight(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Methods", "GET")
	w.Header().Set("Access-Control-Allow-Headers", "MCP-Protocol-Version")
	w.WriteHeader(http.StatusNoContent)
}

// source is the address that a request came from, and no other text: the owner reads it.
func (s *Server) source(r *http.Request) string {
	source := r.RemoteAddr
	if s.Source != nil {
		source = s.Source(r)
	}
	address, _ := place.Address(source)
	return address
}

// closed says why nobody is let in now, "" if there is no reason.
func (s *Server) closed() string {
	if s.Closed == nil {
		return ""
	}
	return s.Closed()
}
