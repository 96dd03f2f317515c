// Package proxy stands between a program and its Google: an HTTP proxy that answers under Google's real host names with
// certificates of its own authority, so that a program can be tested as it ships.
package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Proxy is a running proxy.
type Proxy struct {
	URL    string // for HTTPS_PROXY
	CAFile string // for SSL_CERT_FILE

	handler   http.Handler
	front     *http.Server // takes CONNECT
	back      *http.Server // answers inside the tunnels
	tunnels   *tunnels
	authority *x509.Certificate
	key       *ecdsa.PrivateKey

	mu    sync.Mutex // guards certs
	certs map[string]*tls.Certificate
}

// Start starts a proxy on the loopback address that answers with h whatever is asked of a host of Google's; other hosts
// are refused.
func Start(h http.Handler) (*Proxy, error) {
	p := &Proxy{handler: h, certs: map[string]*tls.Certificate{}}
	if err := p.makeAuthority(); err != nil {
		return nil, fmt.Errorf("making an authority: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the proxy: %w", err)
	}
	p.URL = "http://" + listener.Addr().String()
	p.tunnels = newTunnels(listener.Addr())
	p.front = &http.Server{Handler: http.HandlerFunc(p.connect), ReadHeaderTimeout: 10 * time.Second}
	p.back = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{GetCertificate: p.certificate, MinVersion: tls.VersionTLS12}}
	go func() { _ = p.front.Serve(listener) }()
	go func() { _ = p.back.ServeTLS(p.tunnels, "", "") }()
	return p, nil
}

// Close ends the proxy and removes its authority's file.
func (p *Proxy) Close() error {
	return errors.Join(p.front.Close(), p.back.Close(), os.Remove(p.CAFile))
}

// google reports whether a host is Google's.
func google(host string) bool {
	return host == "accounts.google.com" || strings.HasSuffix(host, ".googleapis.com")
}

// connect opens a tunnel and hands it to the server behind.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || !google(host) {
		http.Error(w, "this proxy leads to Google alone", http.StatusForbidden)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		conn.Close()
		return
	}
	p.tunnels.add(conn)
}

// tunnels is a listener whose connections come from the proxy.
type tunnels struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newTunnels(addr net.Addr) *tunnels {
	return &tunnels{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (t *tunnels) add(c net.Conn) {
	select {
	case t.conns <- c:
	case <-t.done:
		c.Close()
	}
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.done:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error   { t.once.Do(func() { close(t.done) }); return nil }
func (t *tunnels) Addr() net.Addr { return t.addr }

func (p *Proxy) makeAuthority() error {
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Postern test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &p.key.PublicKey, p.key)
	if err != nil {
		return err
	}
	if p.authority, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	f, err := os.CreateTemp("", "postern-test-ca-*.pem")
	if err != nil {
		return err
	}
	p.CAFile = f.Name()
	return errors.Join(pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: der}), f.Close())
}

// certificate returns one for the host that the client asks for.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := hello.ServerName
	if !google(host) {
		return nil, fmt.Errorf("no certificate for %q", host)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.certs[host]; c != nil {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(p.certs)) + 2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, p.authority, &key.PublicKey, p.key)
	if err != nil {
		return nil, err
	}
	p.certs[host] = &tls.Certificate{Certificate: [][]byte{der, p.authority.Raw}, PrivateKey: key}
	return p.certs[host], nil
}
