package redirect

import (
	"net/url"
	"strings"
	"testing"
)

var good = []string{
	"https://claude.ai/api/mcp/auth_callback",
	"https://host.example:8443/cb?x=1",
	"https://xn--bcher-kva.example/cb",
	"https://203.0.113.7/cb",
	"https://[2001:db8::1]/cb",
	"http://localhost/callback",
	"http://localhost:6274/oauth/callback/debug",
	"http://127.0.0.1/",
	"http://127.0.0.1:33418/",
	"http://[::1]:9/cb",
	"cursor://anysphere.cursor-mcp/oauth/callback",
}

func TestCheckTakesWhatClientsUse(t *testing.T) {
	for _, uri := range good {
		if err := Check(uri); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestCheckRefuses has one row for each way in which access could be sent elsewhere than a person would read.
func TestCheckRefuses(t *testing.T) {
	for uri, want := range map[string]string{
		"": "empty",
		"https://h.example/" + strings.Repeat("a", 600): "more than 512 bytes",
		"javascript:alert(1)":                           "neither https", // OAuth 2.1 section 7.12
		"data:text/html,x":                              "neither https",
		"file:///etc/passwd":                            "neither https",
		"vbscript:x":                                    "neither https",
		"myapp://callback":                              "neither https", // RFC 8252 section 8.6
		"cursor://anysphere.cursor-mcp/other":           "neither https",
		"cursor://evil/oauth/callback":                  "neither https",
		"https:cb":                                      "neither https",
		"https:/h.example/cb":                           "neither https",
		"HTTPS://h.example/cb":                          "neither https",
		"//h.example/cb":                                "neither https",
		"/cb":                                           "neither https",
		"http://evil.example/cb":                        "must be https", // OAuth 2.1 section 1.5
		"http://127.0.0.1.evil.example/cb":              "must be https",
		"http://localhost.evil.example/cb":              "must be https",
		"http://127.0.0.2/cb":                           "must be https",
		"http://0x7f.1/cb":                              "must be https",
		"http://2130706433/cb":                          "must be https",
		"http://LOCALHOST/cb":                           "must be https",
		"http://localhost./cb":                          "must be https",
		"http://[::1%25eth0]/cb":                        "must be https",
		"http://[0:0:0:0:0:0:0:1]/cb":                   "must be https",
		"https://user:pw@h.example/cb":                  "user name",
		"https://@h.example/cb":                         "user name",
		"https://h.example@evil.example/cb":             "user name",
		"https://h.example/cb#f":                        "fragment", // RFC 6749 section 3.1.2
		"https://h.example/cb#":                         "fragment",
		"https://*.example/cb":                          "small letters",
		"https://h.example/a/../cb":                     "dots",
		"https://h.example/a/%2e%2E/cb":                 "dots",
		"https://h.example/./cb":                        "dots",
		"https://":                                      "no name",
		"https:///cb":                                   "no name",
		"https://h..example/cb":                         "no name",
		"https://-h.example/cb":                         "no name",
		"https://h.example./cb":                         "no name",
		"https://H.example/cb":                          "small letters",
		"https://bücher.example/cb":                     "xn--",
		"https://0x7f.1/cb":                             "no name",
		"https://1.2.3/cb":                              "no name",
		"https://127.1/cb":                              "no name",
		"https://[2001:DB8::1]/cb":                      "unusual",
		"https://[fe80::1%25eth0]/cb":                   "unusual",
		"https://h.example:/cb":                         "port is empty",
		"https://h.example:0/cb":                        "no port",
		"https://h.example:99999/cb":                    "no port",
		"https://h.example:0443/cb":                     "no port",
		"https://h.example/cb\r\nX: y":                  "percent-encoded",
		"https://h.example/c b":                         "percent-encoded",
		"https://h.example\\@evil.example/":             "percent-encoded",
		"https://h.example/cb\x00":                      "percent-encoded",
		"https://h.example/%zz":                         "no address",
	} {
		err := Check(uri)
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", uri, err, want)
		}
	}
}

func TestMatchIsExactButForLoopbackPorts(t *testing.T) {
	const web = "https://h.example/cb"
	for _, c := range []struct {
		registered, presented string
		want                  bool
	}{
		{web, web, true},
		{web, web + "/", false},
		{web, web + "x", false},
		{web, "https://h.example/c", false},
		{web, web + "?a=1", false},
		{web, "https://h.example/CB", false},
		{web, "https://h.example:443/cb", false},
		{web, "https://h.example/%63b", false},
		{web, "https://h.example/x/../cb", false},
		{web, "http://h.example/cb", false},
		{web, "https://h.example.evil.example/cb", false},
		{"http://localhost/callback", "http://localhost:51234/callback", true},
		{"http://127.0.0.1:33418/", "http://127.0.0.1:50000/", true},
		{"http://127.0.0.1:33418/", "http://127.0.0.1/", true},
		{"http://[::1]/cb", "http://[::1]:7/cb", true},
		{"http://localhost/callback", "http://127.0.0.1/callback", false},
		{"http://127.0.0.1/callback", "http://127.0.0.1:1/callback/debug", false},
		{"http://127.0.0.1/callback", "http://127.0.0.1:1/callback?x=1", false},
		{"http://127.0.0.1/callback", "https://127.0.0.1/callback", false},
		{"http://127.0.0.1/callback", "http://127.0.0.1:70000/callback", false},
		{"javascript:1", "javascript:1", false}, // also not if it was registered somehow
		{apps[0], apps[0], true},
		{apps[0], apps[0] + "?x", false},
	} {
		if got := Match(c.registered, c.presented); got != c.want {
			t.Errorf("registered %s, presented %s: %v", c.registered, c.presented, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	for uri, want := range map[string]Target{
		"https://claude.ai/api/mcp/auth_callback":      {Kind: Web, Host: "claude.ai", Known: "Claude"},
		"https://chatgpt.com/connector/oauth/abc":      {Kind: Web, Host: "chatgpt.com", Known: "ChatGPT"},
		"https://claude.ai/elsewhere":                  {Kind: Web, Host: "claude.ai"},
		"https://claude.ai.evil.example/cb":            {Kind: Web, Host: "claude.ai.evil.example", Lookalike: "claude.ai"},
		"https://c1aude.ai/api/mcp/auth_callback":      {Kind: Web, Host: "c1aude.ai", Lookalike: "claude.ai"},
		"https://cluade.ai/cb":                         {Kind: Web, Host: "cluade.ai", Lookalike: "claude.ai"},
		"https://claude-ai.example/cb":                 {Kind: Web, Host: "claude-ai.example", Lookalike: "claude.ai"},
		"https://chatgpt.example/cb":                   {Kind: Web, Host: "chatgpt.example", Lookalike: "chatgpt.com"},
		"https://notes.example:8443/cb":                {Kind: Web, Host: "notes.example:8443"},
		"http://localhost:3334/oauth/callback":         {Kind: Loopback, Host: "localhost:3334"},
		"cursor://anysphere.cursor-mcp/oauth/callback": {Kind: App, Host: "anysphere.cursor-mcp", Known: "Cursor"},
	} {
		if got := Describe(uri); got != want {
			t.Errorf("%s: %+v, want %+v", uri, got, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, uri := range good {
		f.Add(uri, good[0])
	}
	f.Add("https://h.example@evil.example/", "https://[::1%25a]/")
	f.Add("http://127.0.0.1:1/", "http://127.0.0.1/")
	f.Fuzz(func(t *testing.T, one, other string) {
		if Match(one, other) && (Check(one) != nil || Check(other) != nil) {
			t.Fatalf("%q and %q match, though one may not be registered", one, other)
		}
		if Check(one) != nil {
			return
		}
		if !Match(one, one) {
			t.Fatalf("%q is not itself", one)
		}
		u, err := url.Parse(one)
		if err != nil || u.User != nil || u.Fragment != "" || strings.ContainsAny(one, "#\\\r\n\x00 ") || u.Host == "" {
			t.Fatalf("%q is taken: %+v, %v", one, u, err)
		}
		if d := Describe(one); d.Host != u.Host || d.Kind == Web && u.Scheme != "https" {
			t.Fatalf("%q goes to %q, and is described as %+v", one, u.Host, d)
		}
		if Match(one, other) {
			v, err := url.Parse(other)
			if err != nil || v.Hostname() != u.Hostname() || v.Path != u.Path || v.RawQuery != u.RawQuery || v.Scheme != u.Scheme {
				t.Fatalf("%q and %q match", one, other)
			}
		}
	})
}
