//go:build e2e

package e2e

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postern/internal/ngroktest"
)

// authtoken is the one of the owner's ngrok account.
const authtoken = "2e2e_not_a_real_authtoken"

// internet is what lies between Postern, its clients and the owner's browser: ngrok's edge, and web servers by name. Who
// uses its proxy reaches them under their real names.
type internet struct {
	t      *testing.T
	edge   *ngroktest.Edge
	proxy  string // for HTTPS_PROXY
	caFile string // for SSL_CERT_FILE and tunnel.ca_file

	mu    sync.Mutex        // guards the field below
	names map[string]string // where a host is reached, but for ngrok's
}

func startInternet(t *testing.T) *internet {
	t.Helper()
	n := &internet{t: t, edge: &ngroktest.Edge{Token: authtoken}, names: map[string]string{}, caFile: filepath.Join(t.TempDir(), "ca.pem")}
	if err := n.edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.edge.Close() })
	n.trust(n.edge.CAPEM())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := &http.Server{Handler: http.HandlerFunc(n.connect), ReadHeaderTimeout: 10 * time.Second}
	go front.Serve(l)
	t.Cleanup(func() { front.Close() })
	n.proxy = "http://" + l.Addr().String()
	return n
}

// trust adds an authority.
func (n *internet) trust(authority []byte) {
	n.t.Helper()
	f, err := os.OpenFile(n.caFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(authority); err != nil {
		n.t.Fatal(err)
	}
}

// host serves a web site at a name that ends in example.com.
func (n *internet) host(name string, h http.Handler) {
	n.t.Helper()
	site := httptest.NewTLSServer(h)
	n.t.Cleanup(site.Close)
	n.trust(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[name] = site.Listener.Addr().String()
}

// env is the environment in which Postern finds the internet.
func (n *internet) env() []string {
	return append([]string{"HTTPS_PROXY=" + n.proxy, "SSL_CERT_FILE=" + n.caFile}, fileVault...)
}

// connect leads a CONNECT to where the name is.
func (n *internet) connect(w http.ResponseWriter, r *http.Request) {
	name, _, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil {
		http.Error(w, "this proxy takes CONNECT alone", http.StatusMethodNotAllowed)
		return
	}
	n.mu.Lock()
	at := n.names[name]
	n.mu.Unlock()
	if name == n.edge.Domain {
		at = n.edge.PublicAddr()
	}
	if at == "" {
		http.Error(w, "there is no host "+name, http.StatusBadGateway)
		return
	}
	to, err := net.Dial("tcp", at)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	from, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		to.Close()
		return
	}
	go func() { _, _ = io.Copy(to, from); to.Close() }()
	_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
	_, _ = io.Copy(from, to)
	from.Close()
}
