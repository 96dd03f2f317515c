package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"postern/internal/ngroktest"
	"postern/tunnel"
	"postern/tunnel/ngrok"
)

const (
	tunnelToken   = "bench_authtoken" // of the stand-in for ngrok's edge
	tunnelClients = 16
	tunnelTurn    = time.Second
	questionSize  = 200
	answerSize    = 1 << 10
	downloadSize  = 8 << 20
)

// tunnels measures what the way through a tunnel costs, and how long it takes to be switched on and off.
func tunnels(binary, dir string, runs int) ([]figure, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	edge := &ngroktest.Edge{Token: tunnelToken}
	if err := edge.Start(); err != nil {
		return nil, err
	}
	defer edge.Close()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, edge.CAPEM(), 0o600); err != nil {
		return nil, err
	}
	first, err := tunnelWays(edge, ca, runs)
	if err != nil {
		return nil, err
	}
	then, err := tunnelSwitches(binary, filepath.Join(dir, "program"), ca, edge, runs)
	return append(first, then...), err
}

// tunnelWays measures the way through the edge and the provider beside a direct one over HTTPS to the same handler, by
// turns.
func tunnelWays(edge *ngroktest.Edge, ca string, runs int) (figures []figure, err error) {
	p := &ngrok.Provider{
		Authtoken: func(context.Context) (string, error) { return tunnelToken, nil }, Domain: edge.Domain, ConnectURL: edge.Addr(), CAFile: ca,
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	session, err := p.Start(ctx, &http.Server{Handler: plain(), ReadHeaderTimeout: 10 * time.Second}, func(tunnel.Status) {})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	web := httptest.NewUnstartedServer(plain())
	web.EnableHTTP2 = true // as the edge's public side
	web.StartTLS()
	defer web.Close()
	direct := &publicWay{url: web.URL}
	through := &publicWay{url: session.URL().String()}
	for range tunnelClients { // each with a connection of its own
		own := web.Client().Transport.(*http.Transport).Clone()
		defer own.CloseIdleConnections()
		direct.clients = append(direct.clients, &http.Client{Transport: own})
		through.clients = append(through.clients, edge.Client())
	}

	more := figure{name: "p50 of a POST through the tunnel, more than direct HTTPS", unit: "ms", digits: 2, budget: 1}
	p50 := [2]figure{{name: "  direct, one at a time", unit: "ms", digits: 3}, {name: "  through edge and tunnel", unit: "ms", digits: 3}}
	share := figure{name: "requests a second, 16 clients, as a part of direct HTTPS's", digits: 2, least: 0.08}
	rate := [2]figure{{name: "  direct", unit: "/s"}, {name: "  through edge and tunnel", unit: "/s"}}
	part := figure{name: "download of 8 MB, as a part of direct HTTPS's speed", digits: 2, least: 0.08}
	speed := [2]figure{{name: "  direct", unit: "MB/s"}, {name: "  through edge and tunnel", unit: "MB/s"}}
	for i := range runs + 1 {
		var took, rates, speeds [2]float64
		for k, w := range []*publicWay{direct, through} {
			if took[k], err = w.middle(tunnelTurn); err != nil {
				return nil, err
			}
			if rates[k], err = w.rate(tunnelTurn); err != nil {
				return nil, err
			}
			if speeds[k], err = w.speed(tunnelTurn / 2); err != nil {
				return nil, err
			}
		}
		if i == 0 { // warms up
			continue
		}
		more.add(took[1] - took[0])
		share.add(rates[1] / rates[0])
		part.add(speeds[1] / speeds[0])
		for k := range 2 {
			p50[k].add(took[k])
			rate[k].add(rates[k])
			speed[k].add(speeds[k])
		}
	}
	return slices.Concat([]figure{more}, p50[:], []figure{share}, rate[:], []figure{part}, speed[:]), nil
}

// plain answers with 1 KB, and at /file with 8 MB.
func plain() http.Handler {
	answer, file := bytes.Repeat([]byte("a"), answerSize), bytes.Repeat([]byte("f"), downloadSize)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || r.Method == http.MethodPost && n != questionSize {
			http.Error(w, "the question is not whole", http.StatusBadRequest)
			return
		}
		if r.URL.Path == "/file" {
			_, _ = w.Write(file) // a client that is gone has failed by itself
			return
		}
		_, _ = w.Write(answer)
	})
}

// publicWay is a way to the plain handler.
type publicWay struct {
	url     string
	clients []*http.Client
}

// ask makes one request, and fails unless all of the answer comes.
func (w *publicWay) ask(c *http.Client, method, path string, body io.Reader, size int64) error {
	r, err := http.NewRequest(method, w.url+path, body)
	if err != nil {
		return err
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || n != size) {
		err = fmt.Errorf("%s %s: %s, %d bytes", method, r.URL, resp.Status, n)
	}
	return err
}

func (w *publicWay) post(c *http.Client) error {
	return w.ask(c, http.MethodPost, "/", bytes.NewReader(make([]byte, questionSize)), answerSize)
}

// middle is the median time of questions one after the other for d, in ms.
func (w *publicWay) middle(d time.Duration) (float64, error) {
	var took []float64
	for end := time.Now().Add(d); time.Now().Before(end); {
		began := time.Now()
		if err := w.post(w.clients[0]); err != nil {
			return 0, err
		}
		took = append(took, ms(time.Since(began)))
	}
	slices.Sort(took)
	return at(took, .5), nil
}

// rate is how many questions a second all clients side by side get answered in d.
func (w *publicWay) rate(d time.Duration) (float64, error) {
	var wg sync.WaitGroup
	counts, errs := make([]int, len(w.clients)), make([]error, len(w.clients))
	began := time.Now()
	for i, c := range w.clients {
		wg.Go(func() {
			for end := began.Add(d); errs[i] == nil && time.Now().Before(end); counts[i]++ {
				errs[i] = w.post(c)
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds(), errors.Join(errs...)
}

// speed is that of downloads one after the other for d, in MB a second.
func (w *publicWay) speed(d time.Duration) (float64, error) {
	began, n := time.Now(), 0
	for ; time.Since(began) < d; n++ {
		if err := w.ask(w.clients[0], http.MethodGet, "/file", nil, downloadSize); err != nil {
			return 0, err
		}
	}
	return float64(n) * downloadSize / 1e6 / time.Since(began).Seconds(), nil
}
