package server

import (
	"encoding/json"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/server/guard"
)

// HTTP is a Server over Streamable HTTP, for any number of clients. It stands behind a guard.Guard: it takes it that
// address, origin, size, token and session of a request are good, and that the message says one thing only.
type HTTP struct {
	mcp      *server.MCPServer
	stream   *server.StreamableHTTPServer
	sessions *guard.Sessions
	asking   questions
}

// HTTP returns the server for clients over HTTP, whose sessions are kept in sessions.
func (s *Server) HTTP(sessions *guard.Sessions) *HTTP {
	h := &HTTP{mcp: s.mcp(), sessions: sessions}
	h.stream = server.NewStreamableHTTPServer(h.mcp,
		server.WithSessionIdManagerResolver(h),
		server.WithDisableLocalhostProtection(true), // the guard's, who knows the address that the owner published
		server.WithStreamableHTTPLogger(s.Log),
	)
	return h
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := newAnswer(w, r, &h.asking)
	defer a.end()
	if m, ok := guard.MessageFrom(r.Context()); ok && m.Response && a.session != "" {
		h.reply(a, r)
		return
	}
	if r.Method == http.MethodPost {
		// What the server says by itself belongs to the stream that a client opens for it. mcp-go would let a call take it
		// from there, and lose it when the call ends at that moment.
		r.Header.Del(server.HeaderKeySessionID)
	}
	h.stream.ServeHTTP(a, r.WithContext(withWay(r.Context(), a)))
}

// reply takes a client's answer to a question of the server. Of one that no question waits for nothing is said.
func (h *HTTP) reply(a *answer, r *http.Request) {
	var m struct {
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *protocolError  `json:"error"`
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil { // the guard has read it already
		a.WriteHeader(http.StatusBadRequest)
		return
	}
	h.asking.replied(a.session, m.ID, reply{Result: m.Result, Error: m.Error})
	a.WriteHeader(http.StatusAccepted)
}

// Changed tells every client that listens that the list of tools has changed, perhaps for it.
func (h *HTTP) Changed() {
	h.mcp.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
}

// End closes the sessions of a grant, or of all if it is "".
func (h *HTTP) End(grantID string) {
	for _, id := range h.sessions.EndAll(grantID) {
		h.forget(id)
	}
}

// Idle closes the sessions that were unused for too long.
func (h *HTTP) Idle() {
	for _, id := range h.sessions.Idle() {
		h.forget(id)
	}
}

// forget makes mcp-go drop what it keeps of a session, which it does when a client asks for it.
func (h *HTTP) forget(id string) {
	r, err := http.NewRequest(http.MethodDelete, "http://localhost/", nil)
	if err != nil { // it is always the same
		return
	}
	r.Header.Set(server.HeaderKeySessionID, id)
	h.stream.ServeHTTP(discard{http.Header{}}, r)
}

// ResolveSessionIdManager returns who begins and ends the sessions of the grant that a request is for. It implements
// server.SessionIdManagerResolver.
func (h *HTTP) ResolveSessionIdManager(r *http.Request) server.SessionIdManager {
	m := sessionManager{h: h}
	if r != nil {
		if holder, ok := guard.From(r.Context()); ok {
			m.grantID = holder.Grant.ID
		}
	}
	return m
}

// sessionManager is the sessions of one grant, for mcp-go.
type sessionManager struct {
	h       *HTTP
	grantID string
}

// Generate begins a session.
func (m sessionManager) Generate() string {
	id, ended := m.h.sessions.Begin(m.grantID)
	if ended != "" {
		m.h.forget(ended)
	}
	return id
}

// Validate is the guard's, which has done it.
func (m sessionManager) Validate(string) (isTerminated bool, err error) { return false, nil }

// Terminate ends a session.
func (m sessionManager) Terminate(id string) (isNotAllowed bool, err error) {
	m.h.sessions.End(id)
	return false, nil
}

// discard is an answer that nobody waits for.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
