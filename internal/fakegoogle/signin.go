package fakegoogle

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed signin.html
var signinHTML string

// pages are the sign-in pages, parsed when one is first shown.
var pages = sync.OnceValue(func() *template.Template { return template.Must(template.New("signin").Parse(signinHTML)) })

// consent is an authorization request on its way through the pages.
type consent struct {
	client                     Client
	redirect, state, challenge string
	scopes                     []string
	offline, force, merge      bool
	account                    string // "" until one was chosen
}

// page is what signin.html shows.
type page struct {
	Step     string // "error", "account" or "consent"
	Title    string
	Message  string
	ID       string
	Client   string
	Account  Account
	Accounts []Account
	Fixed    []string // scopes without a box
	Boxes    []string // scopes with one
}

func show(w http.ResponseWriter, code int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = pages().Execute(w, p) // the browser may have gone
}

func refuse(w http.ResponseWriter, code int, kind, message string) {
	show(w, code, page{Step: "error", Title: "Access blocked: authorization error", Message: "Error " + kind + ": " + message})
}

// authorize is the authorization endpoint, RFC 6749 section 3.1.
func (g *Google) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client, ok := g.client(q.Get("client_id"))
	switch {
	case !ok:
		refuse(w, 401, "401: invalid_client", "The OAuth client was not found.")
		return
	case !client.redirects(q.Get("redirect_uri")):
		refuse(w, 400, "400: redirect_uri_mismatch", "The redirect URI in the request does not match the ones authorized for the OAuth client.")
		return
	case q.Get("response_type") != "code":
		refuse(w, 400, "400: invalid_request", "Required parameter is missing: response_type")
		return
	case q.Get("scope") == "":
		refuse(w, 400, "400: invalid_request", "Missing required parameter: scope")
		return
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256":
		refuse(w, 400, "400: invalid_request", "Only the code challenge method S256 is supported.")
		return
	}
	c := &consent{
		client: client, redirect: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge"), scopes: strings.Fields(q.Get("scope")),
		offline: q.Get("access_type") == "offline", force: slices.Contains(strings.Fields(q.Get("prompt")), "consent"), merge: q.Get("include_granted_scopes") == "true",
	}
	id := g.random(20)
	g.mu.Lock()
	g.consents[id] = c
	g.mu.Unlock()
	if a, ok := g.account(q.Get("login_hint")); ok && !slices.Contains(strings.Fields(q.Get("prompt")), "select_account") {
		c.account = a.Email
		g.askConsent(w, id, c)
		return
	}
	g.mu.Lock()
	accounts := slices.Clone(g.accounts)
	g.mu.Unlock()
	show(w, 200, page{Step: "account", Title: "Choose an account", ID: id, Client: client.ID, Accounts: accounts})
}

// chooseAccount takes the account of the first page.
func (g *Google) chooseAccount(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	a, ok := g.account(r.PostFormValue("email"))
	g.mu.Lock()
	c := g.consents[id]
	if c != nil && ok {
		c.account = a.Email
	}
	g.mu.Unlock()
	if c == nil || !ok {
		refuse(w, 400, "400: invalid_request", "The sign-in has expired.")
		return
	}
	g.askConsent(w, id, c)
}

func (g *Google) askConsent(w http.ResponseWriter, id string, c *consent) {
	a, _ := g.account(c.account)
	p := page{Step: "consent", Title: "This app wants access to your Google Account", ID: id, Client: c.client.ID, Account: a}
	for _, s := range c.scopes {
		if identity(s) {
			p.Fixed = append(p.Fixed, s)
		} else {
			p.Boxes = append(p.Boxes, s)
		}
	}
	show(w, 200, p)
}

// identity reports whether a scope only says who somebody is; those have no box at Google.
func identity(scope string) bool {
	return slices.Contains([]string{"openid", "email", "profile", "https://www.googleapis.com/auth/userinfo.email", "https://www.googleapis.com/auth/userinfo.profile"}, scope)
}

// consentGiven takes the answer of the second page and sends the browser back to the client.
func (g *Google) consentGiven(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	g.mu.Lock()
	c := g.consents[id]
	if c != nil && c.account != "" {
		delete(g.consents, id)
	}
	g.mu.Unlock()
	if c == nil || c.account == "" {
		refuse(w, 400, "400: invalid_request", "The sign-in has expired.")
		return
	}
	back := url.Values{}
	if c.state != "" {
		back.Set("state", c.state)
	}
	if r.PostFormValue("answer") != "allow" {
		back.Set("error", "access_denied")
		http.Redirect(w, r, c.redirect+"?"+back.Encode(), http.StatusFound)
		return
	}
	var granted []string
	for _, s := range c.scopes {
		if identity(s) || slices.Contains(r.PostForm["scope"], s) {
			granted = append(granted, canonicalScope(s))
		}
	}
	back.Set("code", g.grant(c, granted))
	back.Set("scope", strings.Join(granted, " "))
	http.Redirect(w, r, c.redirect+"?"+back.Encode(), http.StatusFound)
}

// canonicalScope is how Google names a scope in its answers.
func canonicalScope(s string) string {
	switch s {
	case "email", "profile":
		return "https://www.googleapis.com/auth/userinfo." + s
	}
	return s
}

// grant keeps what was allowed and returns a code for it.
func (g *Google) grant(c *consent, granted []string) string {
	value := "4/0A" + g.random(30)
	g.mu.Lock()
	defer g.mu.Unlock()
	k := grantKey{c.client.ID, c.account}
	old := g.grants[k]
	first := old == nil
	if first {
		old = &grant{}
		g.grants[k] = old
	}
	for _, s := range granted {
		if !slices.Contains(old.scopes, s) {
			old.scopes = append(old.scopes, s)
		}
	}
	scopes := granted
	if c.merge {
		scopes = slices.Clone(old.scopes)
	}
	g.codes[value] = &code{
		client: c.client.ID, account: c.account, redirect: c.redirect, challenge: c.challenge, scopes: scopes,
		// A refresh token comes with the first consent, or when consent was asked for again.
		offline: c.offline && (first || c.force), expires: g.Now().Add(10 * time.Minute),
	}
	return value
}
