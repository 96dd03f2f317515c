package ngrok

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"postern/internal/ngroktest"
	"postern/tunnel"
)

// TestCodes takes every code by which the service refuses from the wire to the words that the owner reads.
func TestCodes(t *testing.T) {
	signIn := func(code string) func(*stage) {
		return func(s *stage) { s.edge.FailAuth(code, "") }
	}
	bind := func(code string) func(*stage) {
		return func(s *stage) { s.edge.FailBind(code, "", -1) }
	}
	for code, c := range map[string]struct {
		do    func(*stage)
		words string
	}{
		"ERR_NGROK_105":   {func(s *stage) { s.token = "no authtoken" }, "copy the one at dashboard.ngrok.com/get-started/your-authtoken"},
		"ERR_NGROK_106":   {signIn("ERR_NGROK_106"), "was revoked"},
		"ERR_NGROK_107":   {func(s *stage) { s.token = "2abc_other" }, "does not know the authtoken"},
		"ERR_NGROK_108":   {signIn("ERR_NGROK_108"), "as many agents as its plan allows"},
		"ERR_NGROK_116":   {signIn("ERR_NGROK_116"), "IP restrictions"},
		"ERR_NGROK_120":   {signIn("ERR_NGROK_120"), "update Postern"},
		"ERR_NGROK_121":   {signIn("ERR_NGROK_121"), "update Postern"},
		"ERR_NGROK_308":   {bind("ERR_NGROK_308"), "belongs to another ngrok account"},
		"ERR_NGROK_313":   {func(s *stage) { s.Domain = "chosen.ngrok-free.dev" }, "may not use that domain"},
		"ERR_NGROK_316":   {bind("ERR_NGROK_316"), "may not be used for that domain"},
		"ERR_NGROK_4018":  {signIn("ERR_NGROK_4018"), "verified email"},
		"ERR_NGROK_4026":  {bind("ERR_NGROK_4026"), "credit for traffic policies"},
		"ERR_NGROK_15002": {bind("ERR_NGROK_15002"), "has not claimed its domain"},
		"ERR_NGROK_15013": {bind("ERR_NGROK_15013"), "has not got that domain"},
	} {
		t.Run(code, func(t *testing.T) {
			s := newStage(t)
			c.do(s)
			why := s.fails()
			if why.Code != code || !strings.Contains(why.Detail, c.words) {
				t.Errorf("%+v", why)
			}
			now := s.until(is(tunnel.Failed))
			if now.Code != code || now.Detail != why.Detail {
				t.Errorf("%+v", now)
			}
			s.secretless(s.token, why.Error())
			if m := meanings[code]; m.kind != lasts || strings.Contains(why.Detail, "\n") {
				t.Errorf("%+v", m)
			}
		})
	}
	// The others pass, so the tunnel comes up when they have.
	for code, words := range map[string]string{
		"ERR_NGROK_334": "online already", "ERR_NGROK_725": "bytes of its month", "ERR_NGROK_726": "connections of its month", "ERR_NGROK_727": "requests of its month",
		"ERR_NGROK_734": "more requests a minute", "ERR_NGROK_9999": "ngrok says: The service refused.",
	} {
		t.Run(code, func(t *testing.T) {
			s := newStage(t)
			s.edge.FailBind(code, "", 1)
			session, err := s.Start(t.Context(), server(hello), s.notify)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			now := s.until(func(now tunnel.Status) bool { return now.Code != "" })
			if now.State != tunnel.Connecting || now.Code != code || !strings.Contains(now.Detail, words) {
				t.Errorf("%+v", now)
			}
			if now = s.until(is(tunnel.Online)); now.Code != "" || now.Detail != "" {
				t.Errorf("%+v", now)
			}
			s.answers("/")
		})
	}
}

// TestUnknownCodeRepeatsNoSecret: what is shown in the service's own words is shown without the authtoken.
func TestUnknownCodeRepeatsNoSecret(t *testing.T) {
	s := newStage(t)
	s.edge.FailAuth("ERR_NGROK_9998", "Your authtoken "+good+" is not liked\n\n\ton Fridays.")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Start(ctx, server(hello), s.notify)
		ended <- err
	}()
	now := s.until(func(now tunnel.Status) bool { return now.Code != "" })
	if !strings.Contains(now.Detail, "Your authtoken [authtoken] is not liked on Fridays.") {
		t.Errorf("%+v", now)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.secretless(good)
}

// TestCodeOfAnAnswer: only what is a code and nothing else is one.
func TestCodeOfAnAnswer(t *testing.T) {
	for header, want := range map[string]string{
		"ERR_NGROK_3200": "ERR_NGROK_3200", "ERR_NGROK_9999": "ERR_NGROK_9999",
		"": "", "3200": "", "ERR_NGROK_": "", "ERR_NGROK_3200 and more": "", "ERR_NGROK_3200\x1b[2J": "", "ERR_NGROK_3200, ERR_NGROK_3200": "", "xERR_NGROK_3200": "", "ERR_NGROK_1234567": "",
	} {
		got := ""
		if e := new(Provider).Instead(http.Header{"Ngrok-Error-Code": {header}}); e != nil {
			got = e.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	const secret = "2aBc_Good.+"
	for text, want := range map[string]string{
		"of 2aBc_Good.+2aBc_Good.+!":               "of [authtoken][authtoken]!",
		"docs/errors/2abc_good.+":                  "docs/errors/[authtoken]", // as the SDK's link to a code has it
		"2aBc_Goodx+":                              "2aBc_Goodx+",
		" a\x1b[2J\r\n\tb\u202ec\x00 ":             "a [2J b c",
		"2aBc_\x00Good.+":                          "2aBc_ Good.+", // not put together
		strings.Repeat("é", longest):               strings.Repeat("é", longest),
		strings.Repeat("é", longest-3) + secret:    strings.Repeat("é", longest-3) + "[au…", // hidden before it is cut
		strings.Repeat("é", longest) + "and so on": strings.Repeat("é", longest) + "…",
	} {
		if got := clean(text, secret); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := clean("as it is", ""); got != "as it is" {
		t.Errorf("without a secret: %q", got)
	}
}

func TestDiagnose(t *testing.T) {
	s := newStageAt(t, &ngroktest.Edge{Region: "ap"})
	if says, err := s.Diagnose(t.Context()); err != nil || !strings.Contains(says, s.edge.Addr()+", region ap") {
		t.Errorf("%q, %v", says, err)
	}
	if got := s.edge.Auths(); got != 0 {
		t.Errorf("it signed in %d times", got)
	}
	s.CAFile = ""
	if _, err := s.Diagnose(t.Context()); err == nil || !strings.Contains(err.Error(), "a certificate that is not ngrok's") {
		t.Errorf("%v", err)
	}
	s.edge.Refuse(true)
	if _, err := s.Diagnose(t.Context()); err == nil || !strings.Contains(err.Error(), "cuts the connection off") {
		t.Errorf("%v", err)
	}
	if err := s.edge.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Diagnose(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("%v", err)
	}
}
