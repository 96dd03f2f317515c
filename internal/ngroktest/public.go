package ngroktest

import (
	"context"
	"fmt"
	"html"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// newServer returns the server of the public side.
func (e *Edge) newServer() *http.Server {
	var lanes sync.Map // by connection
	return &http.Server{
		Handler:                      http.HandlerFunc(e.servePublic),
		TLSConfig:                    e.tls("h2", "http/1.1"),
		ReadHeaderTimeout:            time.Minute,
		IdleTimeout:                  5 * time.Minute,
		MaxHeaderBytes:               1 << 20,
		DisableGeneralOptionsHandler: true, // the agent shall see OPTIONS * too
		ErrorLog:                     stdlog.New(logWriter{e}, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			n := &lane{}
			lanes.Store(conn, n)
			return context.WithValue(ctx, laneKey{}, n)
		},
		ConnState: func(conn net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				e.work.Add(1) // the goroutine that accepts is counted as well, so this cannot come too late
			case http.StateClosed:
				if n, ok := lanes.LoadAndDelete(conn); ok {
					n.(*lane).close()
				}
				e.work.Done()
			}
		},
	}
}

// enter counts something as work, unless the edge is closed.
func (e *Edge) enter() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.work.Add(1)
	return true
}

type logWriter struct{ edge *Edge }

func (w logWriter) Write(p []byte) (int, error) {
	w.edge.log("public side: %s", strings.TrimSpace(string(p)))
	return len(p), nil
}

// servePublic answers a public request, or has the agent answer it.
func (e *Edge) servePublic(w http.ResponseWriter, r *http.Request) {
	// The requests of an HTTP/2 connection may outlive it.
	if !e.enter() {
		panic(http.ErrAbortHandler)
	}
	defer e.work.Done()
	// Otherwise an early answer waits for the rest of the upload. HTTP/2 is like that anyway, and says that it cannot.
	http.NewResponseController(w).EnableFullDuplex()
	p := e.route(r.Host)
	e.mu.Lock()
	quota := e.will.quota
	e.mu.Unlock()
	switch {
	case p == nil:
		e.fail(w, http.StatusNotFound, "ERR_NGROK_3200", fmt.Sprintf("The endpoint %s is offline.", r.Host))
	case quota != "":
		e.fail(w, quotaStatus(quota), quota, "The account has reached a limit of its plan.")
	case strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/"):
		http.NotFound(w, r) // ngrok keeps these for its own certificates
	case e.warns(r):
		e.serveInterstitial(w, r)
	default:
		e.mu.Lock()
		e.counts.requests++
		e.announce()
		e.mu.Unlock()
		e.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), endpointKey{}, p)))
	}
}

type endpointKey struct{}

// quotaStatus is the status of an answer of the edge about a limit. ngrok documents 429 for rates only; the rest is a guess.
func quotaStatus(code string) int {
	switch code {
	case "ERR_NGROK_702", "ERR_NGROK_734":
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

// fail answers with an error page of the edge. The header is one that no agent's answer can have.
func (e *Edge) fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Ngrok-Error-Code", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><meta charset=\"utf-8\"><title>%s</title><p>%s</p><p>%s</p>\n", code, html.EscapeString(message), code)
}

// newProxy returns the handler that brings requests to agents.
func (e *Edge) newProxy() http.Handler {
	return &httputil.ReverseProxy{
		FlushInterval: -1,
		Transport:     forwarder{e},
		ErrorLog:      stdlog.New(logWriter{e}, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Host = p.In.Host
			setForwarded(p.Out.Header, p.In)
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Ngrok-Error-Code")
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				panic(http.ErrAbortHandler) // the client is gone
			}
			e.log("%s %s: %v", r.Method, r.Host, err)
			e.fail(w, http.StatusBadGateway, "ERR_NGROK_3004", "The server returned an invalid or incomplete HTTP response.")
		},
	}
}

// outside is the address that a client of this computer would have outside of it: 198.18.1.2 for 127.0.1.2, of the range that
// is there for tests (RFC 2544). Nobody comes to ngrok's edge from 127.0.0.1.
func outside(remote string) string {
	from, err := netip.ParseAddrPort(remote)
	if err != nil || !from.Addr().IsLoopback() || !from.Addr().Is4() {
		return remote
	}
	b := from.Addr().As4()
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18 + b[1]%2, b[2], b[3]}), from.Port()).String()
}

// setForwarded tells the agent who asks: -For and -Proto are added to what the client sent, -Host is only set where the
// client did not.
func setForwarded(h http.Header, in *http.Request) {
	address, _, err := net.SplitHostPort(outside(in.RemoteAddr))
	if err != nil {
		address = in.RemoteAddr
	}
	for name, value := range map[string]string{"X-Forwarded-For": address, "X-Forwarded-Proto": "https"} {
		h.Set(name, strings.Join(append(in.Header.Values(name), value), ", "))
	}
	hosts := in.Header.Values("X-Forwarded-Host")
	if len(hosts) == 0 {
		hosts = []string{in.Host}
	}
	h["X-Forwarded-Host"] = hosts
	if forwarded := in.Header.Values("Forwarded"); len(forwarded) > 0 {
		h["Forwarded"] = forwarded
	}
}
