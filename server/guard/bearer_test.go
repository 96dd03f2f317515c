package guard_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// challenge reads a WWW-Authenticate header by RFC 9110 section 11.6.1 alone: a scheme, and parameters as tokens with
// quoted strings. It is written apart from what writes them.
func challenge(header string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(header, "Bearer")
	if !ok {
		return nil, fmt.Errorf("another scheme: %q", header)
	}
	params := map[string]string{}
	for rest = strings.Trim(rest, " "); rest != ""; {
		m := regexp.MustCompile(`^([!#$%&'*+.^_` + "`" + `|~0-9A-Za-z-]+)="((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*)"(?:, *|$)`).FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("no parameter: %q", rest)
		}
		if _, twice := params[m[1]]; twice {
			return nil, fmt.Errorf("%s stands twice", m[1])
		}
		params[m[1]] = regexp.MustCompile(`\\(.)`).ReplaceAllString(m[2], "$1")
		rest = rest[len(m[0]):]
	}
	return params, nil
}

// TestBearer holds the door to one Authorization header with one token (attack 3; RFC 6750 sections 2 and 3.1,
// MCP authorization, Token Requirements).
func TestBearer(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	none := map[string]string{"scope": "gmail:read calendar:read", "resource_metadata": d.issuer + "/.well-known/oauth-protected-resource/mcp"}
	bad := map[string]string{"error": "invalid_token", "error_description": oauth.ErrToken.Error(), "scope": none["scope"], "resource_metadata": none["resource_metadata"]}
	for _, c := range []struct {
		name    string
		headers []string
		want    map[string]string // nil: let in
	}{
		{"good", []string{"Bearer " + token}, nil},
		{"lower case", []string{"bearer " + token}, nil},
		{"upper case", []string{"BEARER " + token}, nil},
		{"two spaces", []string{"Bearer  " + token}, nil}, // RFC 9110 section 11.4: 1*SP
		{"no header", nil, none},
		{"empty", []string{""}, bad},
		{"scheme alone", []string{"Bearer"}, bad},
		{"scheme and a space", []string{"Bearer "}, bad},
		{"no scheme", []string{token}, bad},
		{"no space", []string{"Bearer" + token}, bad},
		{"a tab", []string{"Bearer\t" + token}, bad},
		{"a colon", []string{"Bearer: " + token}, bad},
		{"an equals sign", []string{"Bearer=" + token}, bad},
		{"in quotes", []string{`Bearer "` + token + `"`}, bad},
		{"Basic", []string{"Basic " + token}, bad},
		{"DPoP", []string{"DPoP " + token}, bad},
		{"twice the same", []string{"Bearer " + token, "Bearer " + token}, bad},
		{"twice, the first good", []string{"Bearer " + token, "Basic eDp5"}, bad},
		{"twice, the second good", []string{"Basic eDp5", "Bearer " + token}, bad},
		{"a list", []string{"Bearer " + token + ", Bearer " + token}, bad},
		{"something behind", []string{"Bearer " + token + " x"}, bad},
		{"a parameter", []string{"Bearer token=" + token}, bad},
		{"one letter short", []string{"Bearer " + token[:len(token)-1]}, bad},
		{"one letter more", []string{"Bearer " + token + "A"}, bad},
		{"in capitals", []string{"Bearer " + strings.ToUpper(token)}, bad},
		{"padded", []string{"Bearer " + token + "="}, bad},
		{"never issued", []string{"Bearer " + opaque.New(opaque.Access)}, bad},
		{"as a refresh token", []string{"Bearer " + strings.Replace(token, "mcpat_", "mcprt_", 1)}, bad},
		{"Google's", []string{"Bearer ya29.a0" + strings.Repeat("x", 100)}, bad},
		{"an ID token", []string{"Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20ifQ."}, bad},
		{"not ASCII", []string{"Bearer " + token + "\u00e9"}, bad},
	} {
		r := (&caller{d: d, era: modern, token: token}).post("tools/list", nil)
		r.Header.Del("Authorization")
		if c.headers != nil {
			r.Header["Authorization"] = c.headers
		}
		before := d.passedOn()
		a := d.do(r)
		if c.want == nil {
			if a.status != http.StatusOK || a.header.Get("WWW-Authenticate") != "" {
				t.Errorf("%s: %d %s", c.name, a.status, a.body)
			}
			continue
		}
		got, err := challenge(a.header.Get("WWW-Authenticate"))
		if a.status != http.StatusUnauthorized || err != nil || len(a.header.Values("WWW-Authenticate")) != 1 {
			t.Errorf("%s: %d %v %v", c.name, a.status, a.header, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if d.passedOn() != before || strings.Contains(a.body+fmt.Sprint(a.header), token[:20]) || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: passed on, said again or kept: %v %s", c.name, a.header, a.body)
		}
	}
}

// TestTokenElsewhere: a token counts in the header alone (RFC 6750 sections 2.2 and 2.3 are not taken; OAuth 2.1 section
// 5.1.1 forbids the query).
func TestTokenElsewhere(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for name, change := range map[string]func(*http.Request){
		"in the query":       func(r *http.Request) { r.URL.RawQuery = "access_token=" + token },
		"in a query as well": func(r *http.Request) { r.URL.RawQuery = url.Values{"authorization": {"Bearer " + token}}.Encode() },
		"in a cookie":        func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: token}) },
		"for a proxy":        func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer "+token) },
		"in another header":  func(r *http.Request) { r.Header.Set("X-Api-Key", token) },
		"in user info":       func(r *http.Request) { r.SetBasicAuth(token, "") },
		"in a form": func(r *http.Request) {
			*r = *d.request(http.MethodPost, "/mcp", "access_token="+token)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		},
	} {
		r := (&caller{d: d, era: modern}).post("tools/list", nil)
		r.Header.Del("Authorization")
		change(r)
		a := d.do(r)
		if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" || strings.Contains(a.body, token) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// A good header does not make one in the query any better, nor worse: it is not looked at.
	c := &caller{d: d, era: modern, token: token}
	r := c.post("tools/list", nil)
	r.URL.RawQuery = "access_token=nonsense"
	if a := d.do(r); a.status != http.StatusOK {
		t.Errorf("a query beside a good header: %d %s", a.status, a.body)
	}
}

// TestForeignTokens: what was issued for something else is no access token here (attack 41; RFC 8707 section 2,
// MCP authorization, Token Handling).
func TestForeignTokens(t *testing.T) {
	d := newDoor(t)
	id, token := d.grant(all)
	now := d.clock()
	issue := func(k opaque.Kind, use oauth.Use, resource string, until time.Time) string {
		s := opaque.New(k)
		client := "c_" + s[6:16]
		if err := d.store.AddClient(t.Context(), oauth.Client{ID: client, Kind: oauth.Dynamic, Name: "x", Status: oauth.New, CreatedAt: now}, 1000); err != nil {
			t.Fatal(err)
		}
		g := oauth.Grant{ID: "g_" + s[6:16], ClientID: client, Resource: resource, Profiles: []string{home.ID}, Scopes: all, CreatedAt: now}
		if err := d.store.AddGrant(t.Context(), g, oauth.Token{Hash: d.pepper.Hash(s), GrantID: g.ID, Use: use, IssuedAt: now, ExpiresAt: until}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	later := now.Add(time.Hour)
	for name, s := range map[string]string{
		"for another port":          issue(opaque.Access, oauth.ForAccess, "http://127.0.0.1:1/mcp", later),
		"for the public side":       issue(opaque.Access, oauth.ForAccess, "https://postern.example.com/mcp", later),
		"for the bare origin":       issue(opaque.Access, oauth.ForAccess, d.issuer, later),
		"refresh token":             issue(opaque.Refresh, oauth.ForRefresh, d.issuer+"/mcp", later),
		"code":                      issue(opaque.Code, oauth.ForCode, d.issuer+"/mcp", later),
		"refresh token in disguise": issue(opaque.Access, oauth.ForRefresh, d.issuer+"/mcp", later),
		"code in disguise":          issue(opaque.Access, oauth.ForCode, d.issuer+"/mcp", later),
		"over this second":          issue(opaque.Access, oauth.ForAccess, d.issuer+"/mcp", now),
	} {
		if a := d.do((&caller{d: d, era: modern, token: s}).post("tools/list", nil)); a.status != http.StatusUnauthorized || d.passedOn() != 0 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	good := &caller{d: d, era: modern, token: token}
	if a := d.do(good.post("tools/list", nil)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	d.pepper[0]++ // as after a lockdown
	if a := d.do(good.post("tools/list", nil)); a.status != http.StatusUnauthorized {
		t.Errorf("with another pepper: %d", a.status)
	}
	d.pepper[0]--
	if err := d.store.RevokeGrant(t.Context(), id, "test", now); err != nil {
		t.Fatal(err)
	}
	if a := d.do(good.post("tools/list", nil)); a.status != http.StatusUnauthorized {
		t.Errorf("revoked: %d", a.status)
	}
}

// TestManyBadTokens are held up, and only they (section 6.2 of the rules: 60 a minute, then 429).
func TestManyBadTokens(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	bad := &caller{d: d, era: modern, token: opaque.New(opaque.Access)}
	for i := range 60 {
		if a := d.do(bad.post("ping", nil)); a.status != http.StatusUnauthorized {
			t.Fatalf("bad token %d: %d", i, a.status)
		}
	}
	a := d.do(bad.post("ping", nil))
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("bad token 61: %d %v", a.status, a.header)
	}
	if a := d.do((&caller{d: d, era: modern, token: token}).post("tools/list", nil)); a.status != http.StatusOK {
		t.Errorf("a good token beside many bad ones: %d", a.status)
	}
	bad.token = ""
	r := bad.post("ping", nil)
	r.Header.Del("Authorization")
	if a := d.do(r); a.status != http.StatusUnauthorized {
		t.Errorf("no token, which is how a client begins: %d", a.status)
	}
	d.pass(time.Minute)
	bad.token = opaque.New(opaque.Access)
	if a := d.do(bad.post("ping", nil)); a.status != http.StatusUnauthorized {
		t.Errorf("a minute later: %d", a.status)
	}
}

// TestManyBadTokensBehindASilentProxy, which does not say for whom it asks: a client whose token has ended learns of it.
func TestManyBadTokensBehindASilentProxy(t *testing.T) {
	d := newDoor(t)
	d.guard.Public, d.guard.Source = true, func(*http.Request) string { return "127.0.0.1" }
	bad := &caller{d: d, era: modern, token: opaque.New(opaque.Access)}
	for i := range 70 {
		if a := d.do(bad.post("ping", nil)); a.status != http.StatusUnauthorized {
			t.Fatalf("bad token %d: %d", i, a.status)
		}
	}
}

// TestBrokenStore: who cannot be checked is not let in, and keeps the token: a 401 would make the client throw it away.
func TestBrokenStore(t *testing.T) {
	d := newDoor(t, func(d *door) {
		d.tokens.Pepper = func() (opaque.Pepper, error) { return opaque.Pepper{}, errors.New("the vault is locked") }
	})
	_, token := d.grant(all)
	a := d.do((&caller{d: d, era: modern, token: token}).post("tools/list", nil))
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.header.Get("WWW-Authenticate") != "" || strings.Contains(a.body, "vault") || d.passedOn() != 0 {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
}

func TestPaused(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	d.paused = true
	c := &caller{d: d, era: modern, token: token}
	if a := d.do(c.post("tools/list", nil)); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	c.token = opaque.New(opaque.Access)
	if a := d.do(c.post("tools/list", nil)); a.status != http.StatusUnauthorized { // a stranger learns nothing of it
		t.Errorf("a stranger: %d", a.status)
	}
	locked(d, func() int { d.paused = false; return 0 })
	c.token = token
	if a := d.do(c.post("tools/list", nil)); a.status != http.StatusOK {
		t.Errorf("after the pause: %d %s", a.status, a.body)
	}
}

// allowed is what a challenge may say of a value: RFC 6750 section 3 leaves out the quote and the backslash.
func allowed(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x20 && r <= 0x7e && r != '"' && r != '\\' {
			return r
		}
		return -1
	}, s)
}

// FuzzChallenge holds what is written to what a reader reads: the same values without the letters that they may not
// have, and no parameter more.
func FuzzChallenge(f *testing.F) {
	f.Add("invalid_token", "the token is over", "gmail:read", "https://postern.example.com/.well-known/oauth-protected-resource/mcp")
	f.Add("", "", "", "")
	f.Add(`x", scope="all`, `\", a="b`, "\r\nSet-Cookie: a=b", "\x00\x7f\u2028é")
	f.Add("", "=,", ", ", `"`)
	f.Fuzz(func(t *testing.T, code, description, scope, metadata string) {
		text := guard.Challenge{Error: code, Description: description, Scope: scope, Metadata: metadata}.String()
		want := map[string]string{}
		for name, v := range map[string]string{"error": code, "error_description": description, "scope": scope, "resource_metadata": metadata} {
			if v = allowed(v); v != "" {
				want[name] = v
			}
		}
		got, err := challenge(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
		if strings.ContainsAny(text, "\r\n\x00") || text != strings.TrimSpace(text) {
			t.Fatalf("%q is no value of a header", text)
		}
	})
}
