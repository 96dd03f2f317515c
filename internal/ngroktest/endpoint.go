package ngroktest

import (
	"crypto/rand"
	"net"
	"net/url"
	"strings"
)

// endpoint is a public address that an agent serves.
type endpoint struct {
	id      string
	host    string
	session *session
	// settled says that the agent has read that the endpoint is online. Requests get through before, but may find an agent
	// that does not know the endpoint yet.
	settled bool
}

func newID(kind string) string { return kind + "_" + strings.ToLower(rand.Text()) }

// bind brings an endpoint online.
func (s *session) bind(q Bind) bindAnswer {
	e := s.edge
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.announce()
	e.counts.binds++
	e.lastBind = q
	host, r := e.place(s, q)
	if r != nil {
		e.log("agent %s: bind of %q refused: %s", s.id, q.Opts.URL, r.code)
		return bindAnswer{Error: r.text()}
	}
	id, token := q.ID, q.Extra.Token
	if id == "" {
		id = newID("bd")
	}
	if token == "" {
		token = newID("tk")
	}
	e.endpoints[host] = &endpoint{id: id, host: host, session: s}
	e.log("agent %s: %s online", s.id, host)
	return bindAnswer{
		ID: id, URL: "https://" + host, Proto: "https", Opts: map[string]string{"URL": "https://" + host},
		Extra: bindAnswerExtra{Token: token, TunnelID: newID("ep")},
	}
}

// place decides the host of a bind, or refuses it. The caller holds mu.
func (e *Edge) place(s *session, q Bind) (host string, r *refusal) {
	asked := q.Opts.URL
	if asked == "" {
		asked = "https://" + e.Domain
	}
	refuse := func(code string) *refusal { return e.refuse(code, "", e.lastAuth.Extra.Authtoken, asked) }
	if !s.signedIn {
		return "", refuse("4018")
	}
	if f := &e.will.failBind; f.code != "" && f.times != 0 {
		if f.times > 0 {
			f.times--
		}
		return "", e.refuse(f.code, f.message, e.lastAuth.Extra.Authtoken, asked)
	}
	if e.will.held > 0 {
		e.will.held--
		return "", refuse("334")
	}
	if e.will.giveURL != "" {
		asked = e.will.giveURL
	}
	u, err := url.Parse(asked)
	switch {
	case err != nil || q.Proto != "https" || u.Scheme != "https":
		return "", refuse("8013")
	case hostname(u.Host) != hostname(e.Domain) && e.will.giveURL == "":
		return "", refuse("313")
	case e.endpoints[hostname(u.Host)] != nil:
		return "", refuse("334")
	}
	return hostname(u.Host), nil
}

// settle notes that the agent knows its endpoint.
func (s *session) settle(id string) {
	s.edge.mu.Lock()
	defer s.edge.mu.Unlock()
	for _, p := range s.edge.endpoints {
		if p.session == s && p.id == id {
			p.settled = true
			s.edge.announce()
		}
	}
}

func (s *session) unbind(q unbind) plainAnswer {
	e := s.edge
	e.mu.Lock()
	defer e.mu.Unlock()
	for host, p := range e.endpoints {
		if p.session == s && p.id == q.ID {
			delete(e.endpoints, host)
			e.announce()
			e.log("agent %s: %s offline", s.id, host)
			return plainAnswer{}
		}
	}
	return plainAnswer{"no endpoint " + q.ID}
}

// route returns the endpoint that serves a host, nil for none.
func (e *Edge) route(host string) *endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.endpoints[hostname(host)]; p != nil || !e.will.anyHost {
		return p
	}
	for _, p := range e.endpoints {
		return p
	}
	return nil
}

// hostname returns a host as the edge looks it up: in lower case, without port and final dot.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
