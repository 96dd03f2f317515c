package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/gmail"
	"postern/internal/fakegoogle/proxy"
)

const (
	account = "bench@project.iam.gserviceaccount.com"
	rows    = 25
	added   = 40 * time.Millisecond
)

// searches times gmail_search over a real connection to a Google that is 40 ms away.
func searches(binary, dir string, runs int) ([]figure, error) {
	search := figure{name: "gmail_search, 25 rows, 40 ms added to each answer", unit: "ms", digits: 1, budget: 120}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	g := fakegoogle.New(fakegoogle.Options{})
	g.AddServiceAccount(account, &key.PublicKey)
	box := gmail.New(time.Now)
	g.Register(box.Service())
	for i := range 40 {
		box.AddMessage(account, fmt.Appendf(nil, "From: Ada <ada@example.com>\r\nTo: %s\r\nSubject: Mail %d\r\nMessage-ID: <m%d@example.com>\r\n\r\nSome text of mail %d.\r\n", account, i, i, i))
	}
	p, err := proxy.Start(http.Handler(g))
	if err != nil {
		return nil, err
	}
	defer p.Close()
	file, err := keyFile(dir, key)
	if err != nil {
		return nil, err
	}
	env := append(home(dir), "HTTPS_PROXY="+p.URL, "SSL_CERT_FILE="+p.CAFile, "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of a measurement")
	add := exec.Command(binary, "profiles", "add", "bench", "--adc="+file)
	add.Env = append(os.Environ(), env...)
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("adding a profile: %w\n%s", err, out)
	}
	s, err := startSession(binary, env)
	if err != nil {
		return nil, err
	}
	call := func() error {
		r, err := s.request("tools/call", map[string]any{"name": "gmail_search", "arguments": map[string]any{"query": "from:ada", "max": rows}})
		if err == nil && strings.Count(string(r), "thread_id:") != rows {
			err = fmt.Errorf("the search gave something else: %.500s", r)
		}
		return err
	}
	if err := call(); err != nil { // opens the vault, gets a token, connects
		return nil, err
	}
	g.SetLatency(added)
	for range runs {
		began := time.Now()
		if err := call(); err != nil {
			return nil, err
		}
		search.add(ms(time.Since(began)))
	}
	return []figure{search}, s.end()
}

// keyFile writes the key of the service account as Google Cloud does.
func keyFile(dir string, key *rsa.PrivateKey) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]string{"type": "service_account", "client_email": account, "private_key_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	path := filepath.Join(dir, "key.json")
	return path, errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(path, b, 0o600))
}
