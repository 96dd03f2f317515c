package ownurl

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"postern/tunnel"
)

// start serves h behind a port of its own, which it returns.
func start(t *testing.T, h http.Handler) (tunnel.Session, string, chan tunnel.Status) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan tunnel.Status, 10)
	p := &Provider{URL: &url.URL{Scheme: "https", Host: "postern.example.com"}, Listen: func() (net.Listener, error) { return l, nil }}
	s, err := p.Start(t.Context(), &http.Server{Handler: h, ReadHeaderTimeout: time.Second}, func(now tunnel.Status) { said <- now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, "http://" + l.Addr().String(), said
}

func TestThereAndBack(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	s, at, said := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			close(began)
			<-r.Context().Done()
			close(ended)
			return
		}
		fmt.Fprint(w, "hello")
	}))
	if now := <-said; now.State != tunnel.Online || now.URL != "https://postern.example.com" || s.URL().String() != now.URL {
		t.Errorf("%+v, %v", now, s.URL())
	}
	resp, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	go func() {
		if resp, err := http.Get(at + "/long"); err == nil {
			resp.Body.Close()
		}
	}()
	<-began
	if err := s.Close(); err != nil || s.Err() != nil {
		t.Errorf("%v, %v", err, s.Err())
	}
	<-ended
	<-s.Done()
	if now := <-said; now.State != tunnel.Off {
		t.Errorf("%+v", now)
	}
	if resp, err := http.Get(at); err == nil {
		resp.Body.Close()
		t.Error("it answers still")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestTakenPort(t *testing.T) {
	p := &Provider{URL: &url.URL{Scheme: "https", Host: "postern.example.com"}, Listen: func() (net.Listener, error) { return nil, errors.New("the port is taken") }}
	_, err := p.Start(t.Context(), &http.Server{ReadHeaderTimeout: time.Second}, func(tunnel.Status) {})
	var why *tunnel.Error
	if !errors.As(err, &why) || why.Detail != "the port is taken" {
		t.Errorf("%v", err)
	}
}

// TestLostPort: a port that is lost ends it with a reason.
func TestLostPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan tunnel.Status, 10)
	p := &Provider{URL: &url.URL{Scheme: "https", Host: "postern.example.com"}, Listen: func() (net.Listener, error) { return l, nil }}
	s, err := p.Start(t.Context(), &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}, func(now tunnel.Status) { said <- now })
	if err != nil {
		t.Fatal(err)
	}
	<-said
	l.Close()
	<-s.Done()
	if now := <-said; now.State != tunnel.Failed || s.Err() == nil || now.Detail == "" {
		t.Errorf("%+v, %v", now, s.Err())
	}
}
