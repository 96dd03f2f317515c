package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	core "postern/internal/bridge"
	"postern/internal/ngroktest"
	"postern/server/oauth"
)

// tunnelSwitches measures how long it takes from switching sharing on to the first answer from outside, and from
// switching it off to a dead address, of a program that runs.
func tunnelSwitches(binary, dir, ca string, edge *ngroktest.Edge, runs int) (figures []figure, err error) {
	on := figure{name: "sharing switched on until the first answer from outside", unit: "ms", digits: 1, budget: 2000}
	off := figure{name: "sharing switched off until the address is dead", unit: "ms", digits: 1, budget: 500}
	ctx := context.Background()
	// The vault is the encrypted file: the way into it is the same for the program and for this process.
	const passphrase = "the passphrase of a benchmark"
	way := httptest.NewServer(leadsTo(edge.PublicAddr()))
	defer way.Close()
	env := append(home(dir), "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE="+passphrase,
		"HTTPS_PROXY="+way.URL, "https_proxy="+way.URL, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE="+ca)
	values := map[string]string{"POSTERN_VAULT": "file", "POSTERN_VAULT_PASSPHRASE": passphrase}
	owner, err := core.Open(ctx, core.Config{Dir: dir + "/state", Getenv: func(name string) string { return values[name] }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, owner.Close()) }()
	if err := owner.TunnelLogin(ctx, tunnelToken, edge.Domain); err != nil {
		return nil, err
	}
	if err := errors.Join(owner.SetSetting(ctx, "tunnel.connect_url", edge.Addr()), owner.SetSetting(ctx, "tunnel.ca_file", ca)); err != nil {
		return nil, err
	}
	b, err := serve(binary, env)
	if err != nil {
		return nil, err
	}
	defer b.end()
	address := edge.URL() + oauth.ResourcePath
	for i := range runs + 1 {
		stranger := edge.Client() // has no connection yet
		began := time.Now()
		if err := owner.ShareOn(ctx); err != nil {
			return nil, err
		}
		if status, err := get(stranger, address); err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("the first answer from outside is %d, %w", status, err)
		}
		took := time.Since(began)
		if t, err := checked(ctx, owner); err != nil || t != "" {
			return nil, fmt.Errorf("Postern finds of its own address: %s, %w", t, err)
		}
		began = time.Now()
		if err := owner.ShareOff(ctx); err != nil {
			return nil, err
		}
		if err := dead(stranger, address); err != nil {
			return nil, err
		}
		if i > 0 { // the first run warms up
			on.add(ms(took))
			off.add(ms(time.Since(began)))
		}
	}
	return []figure{on, off}, nil
}

func get(c *http.Client, address string) (int, error) {
	resp, err := c.Get(address)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// checked waits until Postern has tried its own address, and returns what is wrong with it, if anything is.
func checked(ctx context.Context, owner *core.Bridge) (wrong string, err error) {
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		t, err := owner.Tunnel(within)
		if err != nil {
			return "", err
		}
		if t.Check.Bad() {
			return t.Check.Says, nil
		}
		if t.Check.What != "" {
			return "", nil
		}
		select {
		case <-tick.C:
		case <-within.Done():
			return "", errors.New("it has not tried it")
		}
	}
}

// leadsTo is an HTTP proxy that leads to one address, whatever name is asked for: the public internet of a stand-in.
func leadsTo(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only for https", http.StatusMethodNotAllowed)
			return
		}
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer here.Close()
		if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		go func() {
			defer there.Close()
			_, _ = io.Copy(there, here) // either end may hang up
		}()
		_, _ = io.Copy(here, there)
	})
}

// dead waits until nothing is at an address. The edge may say for a moment that the tunnel gives no answer.
func dead(stranger *http.Client, address string) error {
	for range 1000 {
		switch status, err := get(stranger, address); {
		case err != nil:
			return err
		case status == http.StatusNotFound:
			return nil
		case status != http.StatusBadGateway:
			return fmt.Errorf("the dead address answers with %d", status)
		}
	}
	return errors.New("the address does not die")
}
