package fakegoogle

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// accessLife is how long an access token is good for, testingLife a refresh token of an app in Testing.
const (
	accessLife  = time.Hour - time.Second
	testingLife = 7 * 24 * time.Hour
)

type grantKey struct{ client, account string }

// grant is what an account has allowed a client.
type grant struct{ scopes []string }

type accessToken struct {
	client, account string
	scopes          []string
	expires         time.Time
}

type refreshToken struct {
	client, account string
	scopes          []string
	expires         time.Time // zero: never
}

// code is an authorization code that was not exchanged yet.
type code struct {
	client, account, redirect, challenge string
	scopes                               []string
	offline                              bool
	expires                              time.Time
}

// IssueToken returns an access token for the account with those scopes, as if it had signed in.
func (g *Google) IssueToken(account string, scopes ...string) string {
	return g.issueAccess("", strings.ToLower(account), scopes, accessLife)
}

// ExpireTokens ends every access token, as time would; refresh tokens stay.
func (g *Google) ExpireTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.access)
}

// RevokeGrant takes back what the account has allowed to all clients, as its owner can at myaccount.google.com.
func (g *Google) RevokeGrant(account string) {
	account = strings.ToLower(account)
	g.mu.Lock()
	defer g.mu.Unlock()
	for k := range g.grants {
		if k.account == account {
			g.dropLocked(k)
		}
	}
}

// dropLocked ends a grant with all of its tokens. The caller holds mu.
func (g *Google) dropLocked(k grantKey) {
	delete(g.grants, k)
	for t, a := range g.access {
		if a.client == k.client && a.account == k.account {
			delete(g.access, t)
		}
	}
	for t, r := range g.refresh {
		if r.client == k.client && r.account == k.account {
			delete(g.refresh, t)
		}
	}
}

func (g *Google) issueAccess(client, account string, scopes []string, life time.Duration) string {
	token := "ya29." + g.random(24)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.access[token] = &accessToken{client, account, slices.Clone(scopes), g.Now().Add(life)}
	return token
}

// authenticate returns the token of a request, or how Google refuses it.
func (g *Google) authenticate(r *http.Request) (*accessToken, *Failure) {
	refused := &Failure{Code: 401, Reason: "authError", Message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
		Location: "Authorization", LocationType: "header", Header: http.Header{"Www-Authenticate": {`Bearer realm="https://accounts.google.com/", error="invalid_token"`}}}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		refused.Reason, refused.Message = "required", "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."
		return nil, refused
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.access[bearer]
	if t == nil || !g.Now().Before(t.expires) {
		return nil, refused
	}
	return t, nil
}

// oauthError answers in the shape of RFC 6749 section 5.2.
func oauthError(w http.ResponseWriter, code int, kind, description string) {
	WriteJSON(w, code, map[string]string{"error": kind, "error_description": description})
}

// token is the token endpoint, RFC 6749 section 3.2.
func (g *Google) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		oauthError(w, 400, "invalid_request", "Bad Request")
		return
	}
	if r.PostForm.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		g.assertion(w, r)
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	client, ok := g.client(id)
	switch {
	case !ok:
		oauthError(w, 401, "invalid_client", "The OAuth client was not found.")
	case secret == "":
		oauthError(w, 400, "invalid_request", "client_secret is missing.")
	case secret != client.Secret:
		oauthError(w, 401, "invalid_client", "Unauthorized")
	case r.PostForm.Get("grant_type") == "authorization_code":
		g.exchange(w, r, client)
	case r.PostForm.Get("grant_type") == "refresh_token":
		g.renew(w, r, client)
	default:
		oauthError(w, 400, "unsupported_grant_type", "Invalid grant_type: "+r.PostForm.Get("grant_type"))
	}
}

// tokens is the answer of the token endpoint.
type tokens struct {
	AccessToken    string `json:"access_token"`
	ExpiresIn      int    `json:"expires_in"`
	RefreshToken   string `json:"refresh_token,omitempty"`
	RefreshExpires int    `json:"refresh_token_expires_in,omitempty"`
	Scope          string `json:"scope"`
	TokenType      string `json:"token_type"`
}

func (g *Google) exchange(w http.ResponseWriter, r *http.Request, client Client) {
	g.mu.Lock()
	c := g.codes[r.PostForm.Get("code")]
	delete(g.codes, r.PostForm.Get("code")) // a code is good once
	g.mu.Unlock()
	verifier := r.PostForm.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	switch {
	case c == nil || c.client != client.ID || !g.Now().Before(c.expires):
		oauthError(w, 400, "invalid_grant", "Malformed auth code.")
		return
	case c.redirect != r.PostForm.Get("redirect_uri"):
		oauthError(w, 400, "redirect_uri_mismatch", "Bad Request")
		return
	case c.challenge != "" && verifier == "":
		oauthError(w, 400, "invalid_grant", "Missing code verifier.")
		return
	case c.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		oauthError(w, 400, "invalid_grant", "Invalid code verifier.")
		return
	}
	answer := tokens{AccessToken: g.issueAccess(client.ID, c.account, c.scopes, accessLife), ExpiresIn: int(accessLife / time.Second), Scope: strings.Join(c.scopes, " "), TokenType: "Bearer"}
	if c.offline {
		answer.RefreshToken = "1//" + g.random(40)
		fresh := &refreshToken{client: client.ID, account: c.account, scopes: c.scopes}
		if client.Testing {
			fresh.expires = g.Now().Add(testingLife)
			answer.RefreshExpires = int(testingLife / time.Second)
		}
		g.mu.Lock()
		g.refresh[answer.RefreshToken] = fresh
		g.mu.Unlock()
	}
	WriteJSON(w, 200, answer)
}

func (g *Google) renew(w http.ResponseWriter, r *http.Request, client Client) {
	g.mu.Lock()
	t := g.refresh[r.PostForm.Get("refresh_token")]
	now := g.Now()
	g.mu.Unlock()
	if t == nil || t.client != client.ID || !t.expires.IsZero() && !now.Before(t.expires) {
		oauthError(w, 400, "invalid_grant", "Token has been expired or revoked.")
		return
	}
	answer := tokens{AccessToken: g.issueAccess(client.ID, t.account, t.scopes, accessLife), ExpiresIn: int(accessLife / time.Second), Scope: strings.Join(t.scopes, " "), TokenType: "Bearer"}
	if !t.expires.IsZero() {
		answer.RefreshExpires = int(t.expires.Sub(now) / time.Second)
	}
	WriteJSON(w, 200, answer)
}

// revoke is the revocation endpoint: any token of a grant ends the whole grant.
func (g *Google) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		oauthError(w, 400, "invalid_request", "Bad Request")
		return
	}
	token := r.Form.Get("token")
	g.mu.Lock()
	defer g.mu.Unlock()
	var k grantKey
	if t := g.refresh[token]; t != nil {
		k = grantKey{t.client, t.account}
	} else if t := g.access[token]; t != nil {
		k = grantKey{t.client, t.account}
	} else {
		oauthError(w, 400, "invalid_token", "Token expired or revoked")
		return
	}
	g.dropLocked(k)
	WriteJSON(w, 200, struct{}{})
}

// tokeninfo says what an access token is good for.
func (g *Google) tokeninfo(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	t := g.access[r.FormValue("access_token")]
	now := g.Now()
	g.mu.Unlock()
	if t == nil || !now.Before(t.expires) {
		oauthError(w, 400, "invalid_token", "Invalid Value")
		return
	}
	a, _ := g.account(t.account)
	WriteJSON(w, 200, map[string]string{
		"azp": t.client, "aud": t.client, "sub": a.Subject, "scope": strings.Join(t.scopes, " "), "exp": strconv.FormatInt(t.expires.Unix(), 10),
		"expires_in": strconv.Itoa(int(t.expires.Sub(now) / time.Second)), "email": a.Email, "email_verified": "true", "access_type": "offline",
	})
}

// userinfo says whose token it is.
func (g *Google) userinfo(w http.ResponseWriter, r *http.Request) {
	t, failure := g.authenticate(r)
	if failure != nil {
		Fail(w, *failure)
		return
	}
	a, _ := g.account(t.account)
	info := map[string]any{"sub": a.Subject, "id": a.Subject}
	if hasScope(t.scopes, "email", "https://www.googleapis.com/auth/userinfo.email") {
		info["email"], info["email_verified"], info["verified_email"] = a.Email, true, true
	}
	if hasScope(t.scopes, "profile", "https://www.googleapis.com/auth/userinfo.profile") {
		info["name"], info["given_name"], info["family_name"], info["picture"] = a.Name, a.GivenName, a.FamilyName, a.Picture
	}
	if a.Domain != "" {
		info["hd"] = a.Domain
	}
	WriteJSON(w, 200, info)
}

func hasScope(have []string, any ...string) bool {
	return slices.ContainsFunc(any, func(s string) bool { return slices.Contains(have, s) })
}
