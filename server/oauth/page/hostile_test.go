package page

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// parse reads a page as a browser without scripts does, so that what stands in <noscript> is seen too.
func parse(t *testing.T, body string) []*html.Node {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(root.Descendants())
}

// tags are the elements of a page with the names of their attributes, in order: what no text may change.
func tags(nodes []*html.Node) []string {
	var all []string
	for _, n := range nodes {
		if n.Type == html.ElementNode {
			tag := n.Data
			for _, a := range n.Attr {
				tag += " " + a.Key
			}
			all = append(all, tag)
		}
	}
	return all
}

// texts is everything that a page holds, in elements and attributes, unescaped.
func texts(nodes []*html.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.Type == html.TextNode || n.Type == html.CommentNode {
			b.WriteString(n.Data + "\n")
		}
		for _, a := range n.Attr {
			b.WriteString(a.Val + "\n")
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestEveryFieldIsEscaped(t *testing.T) {
	unknown := func(change func(*Destination)) Page {
		return with(waiting(), func(p *Waiting) { p.Destination = evil; change(&p.Destination) })
	}
	fields := map[string]func(string) Page{
		"Form.Request":               func(s string) Page { return with(waiting(), func(p *Waiting) { p.Request = s }) },
		"Form.Token":                 func(s string) Page { return with(waiting(), func(p *Waiting) { p.Token = s }) },
		"Waiting.ID":                 func(s string) Page { return with(waiting(), func(p *Waiting) { p.ID = s }) },
		"Waiting.Client.Name":        func(s string) Page { return with(waiting(), func(p *Waiting) { p.Client.Name = s }) },
		"Waiting.Client.Published":   func(s string) Page { return with(waiting(), func(p *Waiting) { p.Client.Published = s }) },
		"Waiting.Destination.Host":   func(s string) Page { return unknown(func(d *Destination) { d.Host = s }) },
		"Waiting.Destination.Scheme": func(s string) Page { return unknown(func(d *Destination) { d.Scheme = s }) },
		"Waiting.Destination.Host, loopback": func(s string) Page {
			return with(waiting(), func(p *Waiting) { p.Destination = Destination{Loopback: true, Host: s} })
		},
		"Waiting.Destination.Resembles": func(s string) Page { return unknown(func(d *Destination) { d.Resembles = s }) },
		"Waiting.Scopes":                func(s string) Page { return with(waiting(), func(p *Waiting) { p.Scopes = []Scope{{Text: s}} }) },
		"Waiting.Code.Lacks":            func(s string) Page { return with(waiting(), func(p *Waiting) { p.Code.Lacks = []string{s} }) },
		"Approved.Form":                 func(s string) Page { return Approved{Form: Form{s, s}} },
		"Approved.Client.Name":          func(s string) Page { return Approved{Client: Client{Name: s}} },
		"Approved.Destination.Host":     func(s string) Page { return Approved{Destination: Destination{Host: s}} },
		"Finish.Client.Name":            func(s string) Page { return Finish{Location: "https://claude.ai/", Client: Client{Name: s}} },
		"Finish.Client.Name, denied": func(s string) Page {
			return Finish{Location: "https://claude.ai/", Client: Client{Name: s}, Denied: true}
		},
		"Finish.Destination.Host": func(s string) Page {
			return Finish{Location: "https://claude.ai/", Destination: Destination{Host: s}}
		},
		"Finish.Destination.Scheme": func(s string) Page {
			return Finish{Location: "cursor://x/", Destination: Destination{Scheme: s}}
		},
		"Done.Client.Name":         func(s string) Page { return Done{Client: Client{Name: s}} },
		"Done.Client.Name, denied": func(s string) Page { return Done{Client: Client{Name: s}, Denied: true} },
		"Done.Destination.Host": func(s string) Page {
			return Done{Location: "https://claude.ai/", Destination: Destination{Host: s}}
		},
		"Problem.Client.Name": func(s string) Page { return Problem{Kind: Blocked, Client: Client{Name: s}} },
		"Problem.Detail":      func(s string) Page { return Problem{Kind: Malformed, Detail: s} },
		"Problem.Reference":   func(s string) Page { return Problem{Reference: s} },
	}
	raw := []string{"Form.Request", "Form.Token", "Approved.Form"} // are ours: they go into hidden fields as they are
	for name, page := range fields {
		plain := parse(t, write(t, page("abc")).Body.String())
		for _, hostile := range []string{
			`abc"><script>alert(1)</script>`,
			`abc' onmouseover='alert(1)`,
			`abc</title></style></script><img src=x onerror=alert(1)>`,
			"abc{{.Nonce}}`${alert(1)}",
			"abc<!-- ]]> &lt;script&gt; &#x22;",
			"abc\u202egnp.\u200b\u2066\ufeff\x00\r\nx",
		} {
			body := write(t, page(hostile)).Body.String()
			nodes := parse(t, body)
			if diff := cmp.Diff(tags(plain), tags(nodes)); diff != "" {
				t.Errorf("%s = %q changes the page (-before +now):\n%s", name, hostile, diff)
			}
			if !strings.Contains(texts(nodes), "abc") {
				t.Errorf("%s = %q: the page does not show it at all", name, hostile)
			}
			if strings.ContainsAny(hostile, "<>'") && strings.Contains(body, hostile) {
				t.Errorf("%s = %q stands in the page as it is", name, hostile)
			}
			if !slices.Contains(raw, name) && strings.ContainsAny(body, "\u202e\u200b\u2066\ufeff\x00\r") {
				t.Errorf("%s = %q: what cannot be seen is still there", name, hostile)
			}
		}
	}
}

func TestNoPageLoadsAnything(t *testing.T) {
	may := []string{"html", "head", "meta", "title", "style", "noscript", "body", "main", "p", "svg", "path", "circle", "h1", "h2", "span", "strong",
		"bdi", "br", "div", "dl", "dt", "dd", "ul", "li", "details", "summary", "pre", "code", "form", "input", "label", "button", "a", "script"}
	for name, p := range samples() {
		var to string
		switch p := p.(type) {
		case Finish:
			to = p.Location
		case Done:
			to = p.Location
		}
		for _, n := range parse(t, write(t, p).Body.String()) {
			if n.Type == html.TextNode && n.Parent.Data == "style" {
				if strings.Contains(n.Data, "url(") || strings.Contains(n.Data, "@import") {
					t.Errorf("%s: the style loads something", name)
				}
			}
			if n.Type != html.ElementNode {
				continue
			}
			if !slices.Contains(may, n.Data) {
				t.Errorf("%s: <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcset", a.Key == "formaction", a.Key == "ping":
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				case a.Key == "action":
					if !slices.Contains([]string{FinishPath, CancelPath, CodePath}, a.Val) || attr(n, "method") != "post" {
						t.Errorf("%s: a form goes to %q by %q", name, a.Val, attr(n, "method"))
					}
				case to != "" && (a.Val == to || a.Val == "0; url="+to):
				case a.Key == "href" && !strings.HasPrefix(a.Val, "/authorize?"):
					t.Errorf("%s: a link to %q", name, a.Val)
				case strings.Contains(a.Val, "//"):
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
			}
			if n.Data == "form" && attr(n, "method") == "post" {
				got := map[string]string{}
				for d := range n.Descendants() {
					if d.Data == "input" && attr(d, "type") == "hidden" {
						got[attr(d, "name")] = attr(d, "value")
					}
				}
				want := map[string]string{FieldRequest: form.Request, FieldToken: form.Token}
				if name == "waiting-bare" {
					want = map[string]string{FieldRequest: "", FieldToken: ""}
				}
				if !maps.Equal(got, want) {
					t.Errorf("%s: the form to %s carries %v", name, attr(n, "action"), got)
				}
			}
		}
	}
}

// What the client registered must reach it byte for byte: neither filtered nor encoded anew.
func TestRedirectStaysAsItIs(t *testing.T) {
	state := url.QueryEscape(`a'b"c<d>&e f` + "\u00fc\x00")
	for _, to := range []string{
		"https://claude.ai/api/mcp/auth_callback?code=c&iss=https%3A%2F%2Fo.example&state=" + state,
		"http://127.0.0.1:43121/callback?state=" + state,
		"http://[::1]:9/cb",
		"https://a.example/cb(1)/it's;v=1,2/%28/%C3?a=b&amp;c=d&quot;",
		"cursor://anysphere.cursor-mcp/oauth/callback?code=c&state=" + state,
		"com.example.app:/cb?code=c",
	} {
		for _, p := range []Page{Finish{Location: to}, Finish{Location: to, Denied: true}, Done{Location: to}} {
			var link, refresh string
			for _, n := range parse(t, write(t, p).Body.String()) {
				if n.Data == "a" {
					link = attr(n, "href")
				}
				if n.Data == "meta" && attr(n, "http-equiv") == "refresh" {
					refresh = attr(n, "content")
				}
			}
			_, finish := p.(Finish)
			want := ""
			if finish && strings.HasPrefix(to, "http") {
				want = "0; url=" + to
			}
			if _, err := url.Parse(to); err != nil {
				t.Fatal(err)
			}
			if link != to || refresh != want {
				t.Errorf("%T %s:\nlink    %q\nrefresh %q, want %q", p, to, link, refresh, want)
			}
		}
	}
}

func TestOnlyAPageThatMayGoOnByItselfDoes(t *testing.T) {
	for name, p := range samples() {
		body := write(t, p).Body.String()
		_, rest, _ := strings.Cut(name, "-")
		var refresh, script bool
		switch p.(type) {
		case Waiting:
			refresh, script = rest != "typing" && rest != "wrong" && rest != "lacking" && rest != "spent", true
		case Approved:
			script = true
		case Finish:
			refresh, script = rest != "cursor", rest != "cursor"
		case Problem:
			refresh = rest == "again"
		}
		if strings.Contains(body, `http-equiv="refresh"`) != refresh || strings.Contains(body, "<script") != script {
			t.Errorf("%s: refresh should be %v, script %v", name, refresh, script)
		}
		// A refresh next to a script would open the address twice, and a code that comes twice is taken for stolen.
		if script && strings.Count(body, `http-equiv="refresh"`) != strings.Count(body, `<noscript><meta http-equiv="refresh"`) {
			t.Errorf("%s: a refresh outside of <noscript>", name)
		}
	}
}

func TestNamesAreClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a name", "Claude", "Claude"},
		{"other scripts", "Клод 克劳德 كلود", "Клод 克劳德 كلود"},
		{"accents", "Zoe\u0308 Löwe", "Zoe\u0308 Löwe"},
		{"emoji", "Bot 🤖", "Bot 🤖"},
		{"spaces and lines", "  a \t\r\n b\u2028c\u00a0 ", "a b c"},
		{"controls", "a\x00\x07\x1b[31mb\x7f\u0085c", "a[31mb c"},
		{"right to left override", "Claude\u202etxt\u202c", "Claudetxt"},
		{"isolates", "\u2066a\u2069", "a"},
		{"zero width", "C\u200bl\u200da\ufeffu\u2060de", "Claude"},
		{"tags and selectors", "a\U000e0041\ufe0f\u034f", "a"},
		{"blank letters", "\u3164\u115f\uffa0\u2800\u17b4", ""},
		{"private and unassigned", "a\ue000\U0010ffff\u0378b", "ab"},
		{"not UTF-8", "a\xff\xfeb\ufffd", "ab"},
		{"a heap of accents", "a" + strings.Repeat("\u0301", 50) + "b", "a\u0301\u0301b"},
		{"an end of the quotation", "Claude” – verified “by Google", "Claude' – verified 'by Google"},
		{"other quotation marks", "\"a\" «b» „c‟ ＂d＂ `e`", "'a' 'b' 'c' 'd' 'e'"},
		{"the most", strings.Repeat("ä", 64), strings.Repeat("ä", 64)},
		{"one more", strings.Repeat("ä", 65), strings.Repeat("ä", 63) + "…"},
		{"long words", strings.Repeat("ab ", 1000), strings.TrimSpace(strings.Repeat("ab ", 21)) + "…"},
		{"ends at a space", strings.Repeat("a", 63) + " b", strings.Repeat("a", 63) + "…"},
	} {
		got := name(c.in)
		if got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.name, c.in, got, c.want)
		}
		if n := utf8.RuneCountInString(got); n > maxName {
			t.Errorf("%s: %d characters", c.name, n)
		}
	}
}

func TestHostsAreASCII(t *testing.T) {
	for in, want := range map[string]string{
		"claude.ai":        "claude.ai",
		"[::1]:8080":       "[::1]:8080",
		"xn--cludi-7ve.ai": "xn--cludi-7ve.ai",
		"cl\u0430ude.ai":   `cl\u0430ude.ai`,
		"a\u202eb.example": "ab.example",
	} {
		if got := host(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		name string
		to   Destination
		want []string // beginnings
	}{
		{"known", claudeAI, nil},
		{"loopback", Destination{Loopback: true}, nil},
		{"known scheme", cursor, nil},
		{"nothing said", Destination{}, []string{"Postern does not know"}},
		{"unknown host", Destination{Host: "evil.example"}, []string{"Postern does not know"}},
		{"unknown scheme", Destination{Scheme: "evil"}, []string{"Postern does not know"}},
		{"look-alike", evil, []string{"claude.ai.evil.example looks like claude.ai,", "Postern does not know"}},
	} {
		for _, p := range []Page{with(waiting(), func(p *Waiting) { p.Destination = c.to }), Approved{Destination: c.to}} {
			got := 0
			for _, n := range parse(t, write(t, p).Body.String()) {
				if n.Data == "div" && attr(n, "role") == "note" {
					all := texts(slices.Collect(n.Descendants()))
					for _, w := range c.want {
						if !strings.Contains(all, w) {
							t.Errorf("%s: %T does not say %q", c.name, p, w)
						}
					}
					got++
				}
			}
			if want := min(1, len(c.want)); got != want {
				t.Errorf("%s: %T has %d warnings, want %d", c.name, p, got, want)
			}
		}
	}
}
