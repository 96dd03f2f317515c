package fakegoogle

import (
	_ "embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

//go:embed signin.css
var signinStyle string

// consent is an authorization request on its way through the pages.
type consent struct {
	client                     Client
	redirect, state, challenge string
	scopes                     []string
	offline, force, merge      bool
	account                    string // "" until one was chosen
}

// show answers with a page; step tells a browser that is driven which one it is.
func show(w http.ResponseWriter, code int, step, title string, nodes ...gomponents.Node) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	page := html.Doctype(html.HTML(html.Lang("en"),
		html.Head(
			html.Meta(html.Charset("utf-8")),
			html.Meta(html.Name("viewport"), html.Content("width=device-width, initial-scale=1")),
			html.TitleEl(gomponents.Text(title)),
			html.StyleEl(gomponents.Raw(signinStyle)),
		),
		html.Body(html.Main(html.Data("step", step),
			html.P(html.Class("note"), gomponents.Text("Sample Google: a stand-in for tests and the demo, not the real one.")),
			html.H1(gomponents.Text(title)),
			gomponents.Group(nodes),
		)),
	))
	_ = page.Render(w) // the browser may have gone
}

// form is one of the pages' forms, for the authorization request id.
func form(to, id string, nodes ...gomponents.Node) gomponents.Node {
	return html.Form(html.Method("post"), html.Action(to), html.Input(html.Type("hidden"), html.Name("id"), html.Value(id)), gomponents.Group(nodes))
}

func refuse(w http.ResponseWriter, code int, kind, message string) {
	show(w, code, "error", "Access blocked: authorization error", html.P(html.ID("error"), gomponents.Text("Error "+kind+": "+message)))
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
	show(w, 200, "account", "Choose an account",
		html.P(gomponents.Text("to continue to "), html.B(gomponents.Text(client.ID))),
		form("/signin/account", id, gomponents.Map(accounts, func(a Account) gomponents.Node {
			return html.Button(html.Class("account"), html.Name("email"), html.Value(a.Email),
				gomponents.Text(a.Name), html.Br(), html.Span(html.Class("note"), gomponents.Text(a.Email)))
		})))
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
	var fixed, boxes gomponents.Group
	for _, s := range c.scopes {
		if identity(s) {
			fixed = append(fixed, html.P(html.Class("note"), gomponents.Text(s)))
		} else {
			boxes = append(boxes, html.Label(html.Input(html.Type("checkbox"), html.Name("scope"), html.Value(s)), gomponents.Text(" "), html.Span(gomponents.Text(s))))
		}
	}
	show(w, 200, "consent", "This app wants access to your Google Account",
		html.P(html.B(gomponents.Text(c.client.ID)), gomponents.Text(" wants access as "+a.Email)),
		form("/signin/consent", id, fixed, boxes, html.Div(html.Class("answer"),
			html.Button(html.ID("deny"), html.Name("answer"), html.Value("deny"), gomponents.Text("Cancel")),
			html.Button(html.ID("allow"), html.Name("answer"), html.Value("allow"), gomponents.Text("Continue")))))
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
