package redirect

import (
	"net/url"
	"strings"
)

// Kind is what stands at a redirect URI.
type Kind string

// The kinds.
const (
	Web      Kind = "web"      // a host on the web
	Loopback Kind = "loopback" // a program on the computer where the browser runs
	App      Kind = "app"      // an app that has claimed a scheme
)

// Target is a redirect URI as a person should see it.
type Target struct {
	Kind      Kind
	Host      string // with the port if there is one; a name in other letters as xn--…
	Known     string // the product that receives there, "" if it is not one that Postern knows
	Lookalike string // the known host that Host could be taken for, "" if none
}

// known are where products that people use receive: host and beginning of the path.
var known = []struct{ host, path, product string }{
	{"claude.ai", "/api/mcp/auth_callback", "Claude"},
	{"claude.com", "/api/mcp/auth_callback", "Claude"},
	{"chatgpt.com", "/connector/oauth/", "ChatGPT"},
	{"chatgpt.com", "/connector_platform_oauth_redirect", "ChatGPT"},
	{"vscode.dev", "/redirect", "VS Code"},
	{"insiders.vscode.dev", "/redirect", "VS Code"},
	{"www.cursor.com", "/agents/mcp/oauth/callback", "Cursor"},
	{"oauth-redirect.googleusercontent.com", "/r/", "Gemini"},
	{"vertexaisearch.cloud.google.com", "/oauth-redirect", "Gemini Enterprise"},
}

// Describe says what stands at a redirect URI that Check takes.
func Describe(uri string) Target {
	u, err := parse(uri)
	if err != nil {
		return Target{Kind: Web}
	}
	switch u.Scheme {
	case "https":
		t := Target{Kind: Web, Host: u.Host}
		for _, k := range known {
			if u.Host == k.host && (u.Path == k.path || strings.HasSuffix(k.path, "/") && strings.HasPrefix(u.Path, k.path)) {
				t.Known = k.product
			}
		}
		if t.Known == "" {
			t.Lookalike = lookalike(u)
		}
		return t
	case "http":
		return Target{Kind: Loopback, Host: u.Host}
	}
	return Target{Kind: App, Host: u.Host, Known: "Cursor"} // the one there is, see apps
}

// lookalike returns the known host that a person could take the host for: one that it is but for one letter or for its
// ending, or that stands in it as a part.
func lookalike(u *url.URL) string {
	host := strings.TrimPrefix(u.Hostname(), "www.")
	for _, k := range known { // a known host at another path, or a name below one, is its owner's
		if of := strings.TrimPrefix(k.host, "www."); host == of || strings.HasSuffix(host, "."+of) {
			return ""
		}
	}
	for _, k := range known {
		of := strings.TrimPrefix(k.host, "www.")
		name, _, _ := strings.Cut(of, ".")
		switch {
		case oneApart(host, of), strings.Contains(host, of), strings.Contains(host, strings.ReplaceAll(of, ".", "-")):
			return k.host
		case len(name) >= 6 && strings.HasPrefix(host, name+"."), len(name) >= 6 && strings.HasPrefix(host, name+"-"):
			return k.host
		}
	}
	return ""
}

// oneApart reports whether a and b differ by one letter that was changed, added or left out, or by two that were swapped.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
