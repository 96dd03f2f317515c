package oauth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/server/oauth"
)

func TestALifeOfAGrant(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	status, v := d.redeem(client, d.code(client, "gmail:write", "gmail:read"), nil)
	if status != http.StatusOK || v["token_type"] != "Bearer" || v["scope"] != "gmail:read gmail:write" || v["expires_in"] != 3600.0 {
		t.Fatalf("%d %v", status, v)
	}
	access, refresh := v["access_token"].(string), v["refresh_token"].(string)
	h, err := d.server.Verify(t.Context(), access)
	if err != nil || h.Client.ID != client || h.Grant.Profiles[0] != "p1" || strings.Join(h.Token.Scopes, " ") != "gmail:read gmail:write" {
		t.Fatalf("%+v, %v", h, err)
	}
	d.pass(time.Hour)
	if d.good(access) {
		t.Error("the access token is good after its time")
	}
	status, v = d.refresh(client, refresh, nil)
	if status != http.StatusOK || !d.good(v["access_token"].(string)) || v["refresh_token"] == refresh {
		t.Fatalf("refreshing: %d %v", status, v)
	}
	if status, _, _ := d.post(d.url+"/revoke", url.Values{"client_id": {client}, "token": {v["refresh_token"].(string)}}); status != http.StatusOK {
		t.Errorf("revoking: %d", status)
	}
	if d.good(v["access_token"].(string)) {
		t.Error("a token of a revoked grant is good")
	}
	if status, v := d.refresh(client, v["refresh_token"].(string), nil); status != http.StatusBadRequest || v["error"] != "invalid_grant" {
		t.Errorf("refreshing a revoked grant: %d %v", status, v)
	}
}

// TestCodeIsRefused has a row for each way in which a code is not exchanged (OAuth 2.1 section 4.1.3, attack 32).
func TestCodeIsRefused(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	other := d.register(callback)
	for _, c := range []struct {
		name   string
		change url.Values
		status int
		code   string
	}{
		{"no grant type", url.Values{"grant_type": {""}}, 400, "invalid_request"},
		{"another grant type", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"no client", url.Values{"client_id": {""}}, 400, "invalid_request"},
		{"unknown client", url.Values{"client_id": {"mcpc_nobody"}}, 401, "invalid_client"},
		{"another client", url.Values{"client_id": {other}}, 400, "invalid_grant"},
		{"another redirect URI", url.Values{"redirect_uri": {callback + "x"}}, 400, "invalid_grant"},
		{"another verifier", url.Values{"code_verifier": {verifier + "x"}}, 400, "invalid_grant"},
		{"no verifier", url.Values{"code_verifier": {""}}, 400, "invalid_grant"},
		{"the challenge as verifier", url.Values{"code_verifier": {challenge}}, 400, "invalid_grant"},
		{"another resource", url.Values{"resource": {"https://evil.example/mcp"}}, 400, "invalid_target"},
		{"two resources", url.Values{"resource": {d.url + "/mcp", d.url + "/mcp"}}, 400, "invalid_target"},
		{"a secret that it has not", url.Values{"client_secret": {"x"}}, 401, "invalid_client"},
		{"an assertion", url.Values{"client_assertion": {"x"}}, 401, "invalid_client"},
		{"no code", url.Values{"code": {""}}, 400, "invalid_request"},
		{"a code twice", url.Values{"code": {"a", "b"}}, 400, "invalid_request"},
	} {
		d.pass(time.Minute) // so that no limit is in the way
		code := d.code(client)
		if c.change.Get("code") != "" || c.change["code"] != nil {
			code = ""
		}
		status, v := d.redeem(client, code, c.change)
		if status != c.status || v["error"] != c.code {
			t.Errorf("%s: %d %v, want %d %s", c.name, status, v, c.status, c.code)
		}
	}
	code := d.code(client)
	if status, v := d.redeem(client, code[:len(code)-1], nil); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("cut: %d %v", status, v)
	}
	d.pass(61 * time.Second)
	if status, v := d.redeem(client, code, nil); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("after its time: %d %v", status, v)
	}
}

// TestACodeIsGoodOnce is attack 31: the second use ends what the first has given.
func TestACodeIsGoodOnce(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	code := d.code(client)
	status, v := d.redeem(client, code, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, v)
	}
	access := v["access_token"].(string)
	if status, v := d.redeem(client, code, nil); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("again: %d %v", status, v)
	}
	if d.good(access) || len(d.ended) != 1 {
		t.Errorf("after the replay the token is good: %v; ended: %v", d.good(access), d.ended)
	}
}

// TestParallelRedemptions is attack 33.
func TestParallelRedemptions(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	code := d.code(client)
	var mu sync.Mutex
	good := 0
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if status, _ := d.redeem(client, code, nil); status == http.StatusOK {
				mu.Lock()
				good++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d of 50 redemptions gave tokens", good)
	}
}

// TestRotation is attack 34: inside of the grace window every one gets tokens of its own, after it the family ends.
func TestRotation(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	_, first := d.tokens(client)
	var mu sync.Mutex
	var access []string
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			status, v := d.refresh(client, first, nil)
			mu.Lock()
			defer mu.Unlock()
			if status != http.StatusOK {
				t.Errorf("within the grace window: %d %v", status, v)
				return
			}
			access = append(access, v["access_token"].(string))
		})
	}
	all.Wait()
	for _, a := range access {
		if !d.good(a) {
			t.Error("a token of the family is not good")
		}
	}
	d.pass(91 * time.Second)
	if status, v := d.refresh(client, first, nil); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("after the grace window: %d %v", status, v)
	}
	for _, a := range access {
		if d.good(a) {
			t.Fatal("after a replay a token of the family is good")
		}
	}
}

// TestRefreshIsRefused is attack 35.
func TestRefreshIsRefused(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	other := d.register(callback)
	access, refresh := d.tokens(client)
	for _, c := range []struct {
		name   string
		token  string
		change url.Values
		status int
		code   string
	}{
		{"a wider scope", refresh, url.Values{"scope": {"gmail:send"}}, 400, "invalid_scope"},
		{"another client", refresh, url.Values{"client_id": {other}}, 400, "invalid_grant"},
		{"another resource", refresh, url.Values{"resource": {"https://evil.example"}}, 400, "invalid_target"},
		{"an access token", access, nil, 400, "invalid_grant"},
		{"an unknown one", "mcprt_x", nil, 400, "invalid_grant"},
	} {
		d.pass(15 * time.Second)
		if status, v := d.refresh(client, c.token, c.change); status != c.status || v["error"] != c.code {
			t.Errorf("%s: %d %v, want %d %s", c.name, status, v, c.status, c.code)
		}
	}
	if _, err := d.server.Verify(t.Context(), refresh); err == nil {
		t.Error("a refresh token is taken for an access token")
	}
	if err := d.store.RemoveClient(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if status, v := d.refresh(client, refresh, nil); status != 401 || v["error"] != "invalid_client" {
		t.Errorf("a deleted client: %d %v", status, v)
	}
}

func TestNarrowedTokensStayNarrow(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	_, refresh := d.tokens(client, "gmail:write")
	status, v := d.refresh(client, refresh, url.Values{"scope": {"gmail:read offline_access"}})
	if status != http.StatusOK || v["scope"] != "gmail:read" {
		t.Fatalf("%d %v", status, v)
	}
	h, err := d.server.Verify(t.Context(), v["access_token"].(string))
	if err != nil || strings.Join(h.Token.Scopes, " ") != "gmail:read" {
		t.Errorf("the token is good for %v, %v", h.Token.Scopes, err)
	}
	if status, v = d.refresh(client, v["refresh_token"].(string), nil); v["scope"] != "gmail:write" { // RFC 6749 section 6
		t.Errorf("refreshed without a scope: %d %v", status, v)
	}
}

func TestAWidenedGrantWidensItsTokens(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	access, _ := d.tokens(client)
	h, err := d.server.Verify(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.Widen(t.Context(), h.Grant.ID, []string{"gmail:send"}, d.clock()); err != nil {
		t.Fatal(err)
	}
	if h, err = d.server.Verify(t.Context(), access); err != nil || strings.Join(h.Token.Scopes, " ") != "gmail:read gmail:send" {
		t.Errorf("the very same token is good for %v, %v", h.Token.Scopes, err)
	}
}

// TestTokenRequestsThatAreNone is attack 36 (RFC 6749 section 3.2).
func TestTokenRequestsThatAreNone(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {"x"}}
	for name, c := range map[string]struct {
		address string
		change  func(*http.Request)
		status  int
	}{
		"GET":              {"/token", func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"JSON":             {"/token", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400},
		"in the address":   {"/token?client_id=x", func(*http.Request) {}, 400},
		"compressed":       {"/token", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415},
		"another in Basic": {"/token", func(r *http.Request) { r.SetBasicAuth("other", "") }, 401},
		"Bearer":           {"/token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
	} {
		status, v, header := d.post(d.url+c.address, form, c.change)
		if status != c.status || v["error"] == nil || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v, %q; want %d", name, status, v, header.Get("Cache-Control"), c.status)
		}
	}
}

func TestBadTokenRequestsAreFew(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Source = func(r *http.Request) string { return r.Header.Get("From") } })
	client := d.register(callback)
	from := func(who string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("From", who) } }
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {"x"}}
	last := 0
	for i := range 8 { // other addresses of the network, other ports and whatever stands there as a zone are no other place
		who := []string{"2001:db8:1:2::%d", "[2001:db8:1:2::%d]:1%[1]d", "2001:db8:1:2::7%%%d", "2001:db8:1:2:%d::%%claude.ai"}[i%4]
		last, _, _ = d.post(d.url+"/token", form, from(fmt.Sprintf(who, i)))
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eighth bad request gets %d", last)
	}
	if status, _, _ := d.post(d.url+"/revoke", url.Values{"client_id": {client}, "token": {"x"}}, from("2001:db8:1:2::99")); status != http.StatusTooManyRequests {
		t.Errorf("a revocation from there gets %d", status)
	}
	if status, _, _ := d.post(d.url+"/token", form, from("2001:db8:1:3::1")); status != http.StatusBadRequest {
		t.Errorf("the client's own request gets %d because of another's", status)
	}
}

// TestBadTokenRequestsBehindASilentProxy, which does not say for whom it asks: they keep nobody from renewing a token.
func TestBadTokenRequestsBehindASilentProxy(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	d.move("127.0.0.1")
	client := d.register(callback)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {"x"}}
	for i := range 80 {
		if status, _, _ := d.post(d.url+"/token", form); status != http.StatusBadRequest {
			t.Fatalf("request %d gets %d", i, status)
		}
	}
}

// TestTokensOfOneSideAreNoGoodAtTheOther is attack 58.
func TestTokensOfOneSideAreNoGoodAtTheOther(t *testing.T) {
	d := newDesk(t)
	public, _ := d.serve(func(s *oauth.Server) { s.Public = true })
	client := d.register(callback)
	access, _ := d.tokens(client)
	if _, err := public.Verify(t.Context(), access); err == nil {
		t.Error("a token of the local side is good at the public one")
	}
}

func TestEpochs(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	access, refresh := d.tokens(client)
	d.pepper[0]++
	if d.good(access) {
		t.Error("an access token outlives the pepper")
	}
	if status, v := d.refresh(client, refresh, nil); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("a refresh token outlives the pepper: %d %v", status, v)
	}
}
