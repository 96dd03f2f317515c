package fakegoogle_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"postern/internal/fakegoogle"
)

// browser walks through the pages without following the last redirect.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T, g *fakegoogle.Google) browser {
	return browser{t, &http.Client{Transport: g.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b browser) page(resp *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// allow signs in as email, ticks the scopes and returns where the browser is sent.
func (b browser) allow(address, email, answer string, scopes ...string) url.Values {
	b.t.Helper()
	first := b.page(b.client.Get(address))
	id := hiddenID.FindStringSubmatch(first)
	if id == nil {
		b.t.Fatalf("no form:\n%s", first)
	}
	if strings.Contains(first, "/signin/account") {
		b.page(b.client.PostForm("https://accounts.google.com/signin/account", url.Values{"id": {id[1]}, "email": {email}}))
	}
	resp, err := b.client.PostForm("https://accounts.google.com/signin/consent", url.Values{"id": {id[1]}, "answer": {answer}, "scope": scopes})
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Body.Close()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound {
		b.t.Fatalf("%s, %v", resp.Status, err)
	}
	return to.Query()
}

func newGoogle() *fakegoogle.Google {
	g := fakegoogle.New(fakegoogle.Options{})
	g.AddAccount(fakegoogle.Account{Email: "ada@example.com"})
	g.AddClient(fakegoogle.Client{ID: "id", Secret: "secret", Testing: true})
	return g
}

func config() *oauth2.Config {
	return &oauth2.Config{ClientID: "id", ClientSecret: "secret", RedirectURL: "http://127.0.0.1:5/cb", Scopes: []string{"email", "scope.a", "scope.b"},
		Endpoint: oauth2.Endpoint{AuthURL: "https://accounts.google.com/o/oauth2/v2/auth", TokenURL: "https://oauth2.googleapis.com/token", AuthStyle: oauth2.AuthStyleInParams}}
}

func TestSignInGivesWhatWasTicked(t *testing.T) {
	g, c := newGoogle(), config()
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: g.Transport()})
	verifier := oauth2.GenerateVerifier()
	back := newBrowser(t, g).allow(c.AuthCodeURL("st", oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier)), "ada@example.com", "allow", "scope.b")
	if back.Get("state") != "st" || back.Get("code") == "" {
		t.Fatalf("sent back with %v", back)
	}
	if _, err := c.Exchange(ctx, back.Get("code"), oauth2.VerifierOption("wrong-wrong-wrong-wrong-wrong-wrong-wrong-wr")); err == nil {
		t.Error("a wrong verifier was taken")
	}
	if _, err := c.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a code was good twice")
	}
	back = newBrowser(t, g).allow(c.AuthCodeURL("st", oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier), oauth2.ApprovalForce), "ada@example.com", "allow", "scope.b")
	token, err := c.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil || token.RefreshToken == "" || token.Extra("scope") != "https://www.googleapis.com/auth/userinfo.email scope.b" || token.Extra("refresh_token_expires_in") != float64(7*24*3600) {
		t.Fatalf("the token: %v, %v, %v", token, token.Extra("scope"), err)
	}
	// A second consent gives no refresh token unless it is asked for.
	back = newBrowser(t, g).allow(c.AuthCodeURL("st", oauth2.AccessTypeOffline), "ada@example.com", "allow", "scope.b")
	if again, err := c.Exchange(ctx, back.Get("code")); err != nil || again.RefreshToken != "" {
		t.Errorf("the second consent: %v, %v", again, err)
	}
	renewed, err := c.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil || renewed.AccessToken == token.AccessToken {
		t.Errorf("renewing: %v", err)
	}
	g.RevokeGrant("ada@example.com")
	if _, err := c.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("renewing what was revoked: %v", err)
	}
}

func TestSignInRefusals(t *testing.T) {
	g, c := newGoogle(), config()
	b := newBrowser(t, g)
	if back := b.allow(c.AuthCodeURL("st"), "ada@example.com", "deny"); back.Get("error") != "access_denied" || back.Get("code") != "" {
		t.Errorf("a denial sends back %v", back)
	}
	ask := func(change func(url.Values)) string {
		u, err := url.Parse(c.AuthCodeURL("st"))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		return b.page(b.client.Get(u.String()))
	}
	for want, change := range map[string]func(url.Values){
		"invalid_client":        func(q url.Values) { q.Set("client_id", "x") },
		"redirect_uri_mismatch": func(q url.Values) { q.Set("redirect_uri", "https://evil.example/cb") },
		"response_type":         func(q url.Values) { q.Set("response_type", "token") },
		"parameter: scope":      func(q url.Values) { q.Del("scope") },
		"code challenge method": func(q url.Values) { q.Set("code_challenge", "x"); q.Set("code_challenge_method", "plain") },
	} {
		if page := ask(change); !strings.Contains(page, want) {
			t.Errorf("want a page that says %q, got:\n%s", want, page)
		}
	}
}
