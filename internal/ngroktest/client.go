package ngroktest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
)

// Addr returns the host:port that agents connect to.
func (e *Edge) Addr() string { return e.agents.Addr().String() }

// PublicAddr returns the host:port of the public side. Every public name is served there.
func (e *Edge) PublicAddr() string { return e.front.Addr().String() }

// URL returns the URL of the account's dev domain, without a final slash.
func (e *Edge) URL() string { return "https://" + e.Domain }

// CAPEM returns the certificate of the authority that both sides' certificates are signed by.
func (e *Edge) CAPEM() []byte { return e.authority.pem() }

// CAs returns the same as a pool.
func (e *Edge) CAs() *x509.CertPool { return e.authority.pool() }

// Client returns a client on the public internet: every name leads to the edge, over HTTP/2 or HTTP/1.1.
func (e *Edge) Client() *http.Client { return e.ClientFrom("") }

// ClientFrom returns a Client whose connections come from a loopback address such as "127.0.0.7".
func (e *Edge) ClientFrom(address string) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer(address).DialContext(ctx, "tcp", e.PublicAddr())
		},
		TLSClientConfig:   &tls.Config{RootCAs: e.CAs()},
		ForceAttemptHTTP2: true,
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idlers = append(e.idlers, transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Dial opens a public connection for HTTP/1.1 that is written by hand. The name is the one in the TLS handshake.
func (e *Edge) Dial(ctx context.Context, name, from string) (net.Conn, error) {
	d := tls.Dialer{NetDialer: dialer(from), Config: &tls.Config{RootCAs: e.CAs(), ServerName: name, NextProtos: []string{"http/1.1"}}}
	return d.DialContext(ctx, "tcp", e.PublicAddr())
}

func dialer(from string) *net.Dialer {
	if from == "" {
		return &net.Dialer{}
	}
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
}
