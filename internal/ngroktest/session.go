package ngroktest

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"sync"
	"time"

	"golang.ngrok.com/muxado/v2"
)

// session is the connection of one agent.
type session struct {
	edge *Edge
	id   string
	conn net.Conn
	done chan struct{}  // closed when the connection has ended
	work sync.WaitGroup // goroutines that serve a stream; see spawn

	signedIn bool // guarded by the edge's mu

	mu    sync.Mutex // guards the fields below
	mux   muxado.TypedStreamSession
	ended bool
}

// spawn runs f beside, unless the session has ended: then every stream of it is dead, and nothing remains to be done.
func (s *session) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.work.Go(f)
	}
	return !s.ended
}

// run serves the agent until its connection ends.
func (s *session) run() {
	defer s.work.Wait()
	defer s.end()
	conn := tls.Server(s.conn, s.edge.tls())
	s.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := conn.Handshake(); err != nil {
		s.edge.log("agent %s: %v", s.id, err)
		return
	}
	s.conn.SetDeadline(time.Time{})
	mux := muxado.NewTypedStreamSession(muxado.Server(conn, nil))
	s.mu.Lock()
	s.mux = mux
	s.mu.Unlock()
	for {
		stream, err := mux.AcceptTypedStream()
		if err != nil {
			s.edge.log("agent %s: gone: %v", s.id, err)
			return
		}
		s.spawn(func() { s.serve(stream.StreamType(), &carrier{Stream: stream}) })
	}
}

// end forgets the session and closes what is left of it.
func (s *session) end() {
	e := s.edge
	e.mu.Lock()
	e.forget(s)
	e.announce()
	e.mu.Unlock()
	s.cut()
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	close(s.done)
}

// cut ends the connection as a broken network does: without a word, and with a reset.
func (s *session) cut() {
	if tcp, ok := s.conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	s.conn.Close()
	s.mu.Lock()
	mux := s.mux
	s.mu.Unlock()
	if mux != nil {
		mux.Close()
	}
}

// forget takes a session and its endpoints away. The caller holds mu.
func (e *Edge) forget(s *session) {
	delete(e.sessions, s)
	for host, p := range e.endpoints {
		if p.session == s {
			delete(e.endpoints, host)
		}
	}
}

// open opens a stream to the agent.
func (s *session) open(kind muxado.StreamType) (*carrier, error) {
	s.mu.Lock()
	mux := s.mux
	s.mu.Unlock()
	stream, err := mux.OpenTypedStream(kind)
	if err != nil {
		return nil, err
	}
	return &carrier{Stream: stream}, nil
}

func (s *session) serve(kind muxado.StreamType, stream *carrier) {
	defer stream.Close()
	switch kind {
	case typeHeartbeat:
		s.beat(stream)
	case typeAuth:
		if s.ignored(stream, &s.edge.will.ignoreAuth, &s.edge.counts.auths) {
			return
		}
		answer(s, stream, s.auth)
	case typeBind:
		if s.ignored(stream, &s.edge.will.ignoreBind, &s.edge.counts.binds) {
			return
		}
		if p := answer(s, stream, s.bind); p.Error == "" {
			// The agent closes the stream when it has read the answer.
			io.Copy(io.Discard, stream)
			s.settle(p.ID)
		}
	case typeUnbind:
		answer(s, stream, s.unbind)
	case typeServer:
		answer(s, stream, func(struct{}) serverAnswer { return serverAnswer{s.edge.Region} })
	case typePatch:
		answer(s, stream, func(struct{}) plainAnswer { return plainAnswer{} })
	case typeLabels:
		answer(s, stream, func(struct{}) plainAnswer { return plainAnswer{"labels are not offered on this plan"} })
	default:
		s.edge.log("agent %s: stream of unknown type %d", s.id, kind)
	}
}

// ignored counts a question that is to be ignored, and reads it until the agent has enough of waiting.
func (s *session) ignored(stream *carrier, on *bool, count *int) bool {
	s.edge.mu.Lock()
	yes := *on
	if yes {
		*count++
		s.edge.announce()
	}
	s.edge.mu.Unlock()
	if yes {
		s.edge.log("agent %s: a question is ignored", s.id)
		io.Copy(io.Discard, stream)
	}
	return yes
}

// answer reads a question from the stream and writes the answer.
func answer[Q, A any](s *session, stream *carrier, give func(Q) A) (a A) {
	var q Q
	if err := json.NewDecoder(stream).Decode(&q); err != nil {
		s.edge.log("agent %s: unreadable: %v", s.id, err)
		return a
	}
	a = give(q)
	text, err := json.Marshal(a)
	if err == nil {
		_, err = stream.Write(append(text, '\n'))
	}
	if err != nil {
		s.edge.log("agent %s: answering: %v", s.id, err)
	}
	return a
}

// beat answers heartbeats. In a frozen edge they wait for the thaw.
func (s *session) beat(stream *carrier) {
	beat := make([]byte, 4)
	for {
		if _, err := io.ReadFull(stream, beat); err != nil {
			return
		}
		if thaw := s.edge.frozen(); thaw != nil {
			select {
			case <-thaw:
			case <-s.done:
				return
			}
		}
		if _, err := stream.Write(beat); err != nil {
			return
		}
		s.edge.mu.Lock()
		s.edge.counts.heartbeats++
		s.edge.announce()
		s.edge.mu.Unlock()
	}
}

// auth signs the agent in.
func (s *session) auth(q Auth) authAnswer {
	e := s.edge
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.announce()
	e.counts.auths++
	e.lastAuth = q
	if r := e.refuseAuth(s, q.Extra.Authtoken); r != nil {
		e.log("agent %s: refused: %s", s.id, r.code)
		return authAnswer{Error: r.text()}
	}
	s.signedIn = true
	id := q.ClientID
	if id == "" {
		id = newID("cl")
	}
	e.log("agent %s: signed in", s.id)
	return authAnswer{Version: "3", ClientID: id, Extra: authAnswerExtra{
		Version: "prod", Region: e.Region, Cookie: "cookie-" + id, AccountName: e.Account, PlanName: e.Plan, AgentSessionID: s.id,
	}}
}

// refuseAuth returns why the agent may not sign in. The caller holds mu.
func (e *Edge) refuseAuth(s *session, token string) *refusal {
	if f := e.will.failAuth; f.code != "" {
		return e.refuse(f.code, f.message, token, "")
	}
	switch {
	case malformed(token):
		return e.refuse("105", "", token, "")
	case token != e.Token:
		return e.refuse("107", "", token, "")
	}
	if e.MaxSessions > 0 && e.signedIn() >= e.MaxSessions && !s.signedIn {
		return e.refuse("108", "", token, "")
	}
	return nil
}

// signedIn counts the agents that are signed in. The caller holds mu.
func (e *Edge) signedIn() (n int) {
	for s := range e.sessions {
		if s.signedIn {
			n++
		}
	}
	return n
}
