package popup

import (
	"image/color"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
	"postern/internal/tool"
	"postern/ui/text"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// inLanguage makes an app for a test, in a language and with the real theme: the test theme has no bold monospace.
func inLanguage(t *testing.T, locale string, variant fyne.ThemeVariant) fyne.App {
	t.Helper()
	t.Setenv("LANGUAGE", "")
	t.Setenv("LC_ALL", locale)
	t.Setenv("LANG", locale)
	if err := text.Load(); err != nil {
		t.Fatal(err)
	}
	app := test.NewTempApp(t)
	app.Settings().SetTheme(forced{theme.DefaultTheme(), variant})
	return app
}

// forced is a theme in one variant, whatever the system's is.
type forced struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (f forced) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if n == theme.ColorNameInputBorder { // as in the app's own theme
		n = theme.ColorNamePlaceHolder
	}
	return f.Theme.Color(n, f.variant)
}

// choices are all scopes, those asked for as given.
func choices(asked ...string) []approval.Choice {
	var all []approval.Choice
	for _, s := range tool.Scopes() {
		c := approval.Choice{ID: string(s), Title: s.Title(), Risky: s.Outward()}
		for _, a := range asked {
			c.Asked = c.Asked || tool.Scope(a).Implies(s)
		}
		all = append(all, c)
	}
	return all
}

func home() []approval.Choice {
	return []approval.Choice{{ID: "p1", Title: "home (me@example.com)"}}
}

func asked(kind approval.Kind, life time.Duration) approval.Request {
	return approval.Request{ID: "q1", Kind: kind, Client: "Claude", ClientKey: "c1", State: approval.Pending, CreatedAt: noon, ExpiresAt: noon.Add(life)}
}

func connect(o approval.Offer, warnings ...string) approval.Request {
	r := asked(approval.Connect, 5*time.Minute)
	r.Shown = "64 27 91"
	o.ClientID = "mcpc_1"
	r.Offer, r.Preview = &o, approval.Preview{Title: `Let "Claude" in?`, Warnings: warnings}
	return r
}

func verified() approval.Request {
	return connect(approval.Offer{
		Identity: "claude.ai", SendTo: "https://claude.ai/api/mcp/auth_callback", Target: "web", Host: "claude.ai", Known: "Claude",
		From: "the internet, 203.0.113.7", Public: true, Profiles: home(), Longest: 180 * day,
		Scopes: choices("gmail:send", "calendar:read", "drive:read"),
	})
}

func local() approval.Request {
	return connect(approval.Offer{
		SendTo: "http://127.0.0.1:3334/oauth/callback", Target: "loopback", Host: "127.0.0.1:3334", From: "this computer", Longest: 180 * day,
		Profiles: append(home(), approval.Choice{ID: "p2", Title: "work (me@work.example)"}), Scopes: choices("gmail:read", "calendar:write", "tasks:read"),
	}, "Access goes to an app on the computer where the browser runs. Any app there can call itself so.", "It registered itself: nobody vouches for its name.")
}

func stranger() approval.Request {
	return connect(approval.Offer{
		SendTo: "https://claude.ai.evil.example/api/mcp/auth_callback", Target: "web", Host: "claude.ai.evil.example",
		From: "the internet, 198.51.100.9", Public: true, Profiles: home(), Longest: 180 * day, Scopes: choices("gmail:read", "drive:read"),
	}, "claude.ai.evil.example looks like claude.ai, but is a different place.", "It registered itself: nobody vouches for its name.")
}

// nasty is a name made to mislead.
const nasty = "\u202eedualC\u202c **bold** [link](https://evil.example) $(rm -rf ~) \u200b<b>Postern says: safe</b>”\n\nAllow: yes "

func hostile() approval.Request {
	r := connect(approval.Offer{
		SendTo: "https://xn--clude-vqa.ai/" + strings.Repeat("callback/", 40) + "\u202e%2e%2e?x=$(id)", Target: "web", Host: "xn--clude-vqa.ai",
		Identity: "", From: "the internet, 2001:db8:1234:5678:9abc:def0:1234:5678" + strings.Repeat(", 10.0.0.1", 30), Public: true, Longest: 12 * time.Hour,
		Profiles: []approval.Choice{{ID: "p1", Title: strings.Repeat("a very long name ", 30)}, {ID: "p2", Title: "مكتب (me@work.example)"}},
		Scopes:   append(choices("gmail:read"), approval.Choice{ID: "new:scope", Title: strings.Repeat("Unheard of ", 50), Asked: true}),
	}, strings.Repeat("xn--clude-vqa.ai looks like claude.ai, but is a different place. ", 10))
	r.Client = nasty + strings.Repeat("A", 500)
	return r
}

func more(public bool) approval.Request {
	r := asked(approval.Widen, 15*time.Minute)
	r.Tool = "gmail_send"
	r.Offer = &approval.Offer{ClientID: "mcpc_1", Grant: "g1", From: "outside", Public: public, Scopes: []approval.Choice{
		{ID: "gmail:write", Title: "Sort your mail and write drafts", Asked: true}, {ID: "gmail:send", Title: "Send mail as you", Asked: true, Risky: true}}}
	r.Preview = approval.Preview{Title: `"Claude" wants more: Send mail as you`, Fields: []approval.Field{{Name: "Tried", Value: "gmail_send"},
		{Name: "With", Value: `{"to":["anna@example.com"],"subject":"Friday","body":"Shall we meet at noon?"}`}}}
	return r
}

func mail(warnings ...string) approval.Request {
	r := asked(approval.Action, 15*time.Minute)
	r.Origin, r.Profile, r.Tool, r.Class = "/usr/bin/claude (pid 4242)", "home", "gmail_send", "outward"
	r.Preview = approval.Preview{Title: "Send a mail to 2 people", Warnings: warnings, Instead: []approval.Choice{{ID: "draft", Title: "Keep it as a draft"}}, Body: "Dear Anna,\n\nshall we meet on Friday at noon, as every week? I bring the plans for the garden.\n\nBest wishes\nMe",
		Fields: []approval.Field{{Name: "From", Value: "Me <me@example.com>"}, {Name: "To", Value: "Anna <anna@example.com>"}, {Name: "Cc", Value: "Bob <bob@elsewhere.example>"},
			{Name: "Subject", Value: "Friday"}, {Name: "Attachment", Value: "garden.pdf (application/pdf, 120 kB)"}}}
	return r
}

func warned() approval.Request {
	return mail("You have never written to bob@elsewhere.example", "Goes outside of example.com: elsewhere.example", "Has hidden recipients (Bcc)")
}

func hostileMail() approval.Request {
	r := mail("a\u200bnna@example.com calls itself by another address: " + nasty)
	r.Client, r.Origin, r.Class = nasty, "over HTTP, from outside", "destructive"
	r.Preview.Title = "Send a mail to \u202emoc.elpmaxe@anna\u202c and " + strings.Repeat("x", 500)
	r.Preview.Fields = append(r.Preview.Fields, approval.Field{Name: strings.Repeat("N", 200), Value: strings.Repeat("v", 300)})
	r.Preview.Body = "# Heading\n**bold** [link](https://evil.example) $(id)\nשלום עולם, مرحبا بالعالم\nzero\u200bwidth \u202egnp.exe\u202c tag\U000e0041\n" + strings.Repeat("\n", 30) + strings.Repeat("and so on ", 3000)
	return r
}

// pictured are the cards that are kept as pictures.
var pictured = []struct {
	name   string
	r      func() approval.Request
	chosen bool // all that Allow needs is chosen
	locale string
	dark   bool
	down   float32 // how far it is scrolled
}{
	{"connect-local", local, false, "en_US.UTF-8", false, 0},
	{"connect-verified", verified, true, "en_US.UTF-8", false, 0},
	{"connect-verified-dark", verified, false, "en_US.UTF-8", true, 0},
	{"connect-verified-de", verified, true, "de_DE.UTF-8", false, 0},
	{"connect-stranger", stranger, false, "en_US.UTF-8", false, 0},
	{"connect-stranger-dark", stranger, true, "en_US.UTF-8", true, 0},
	{"connect-hostile", hostile, false, "en_US.UTF-8", false, 0},
	{"widen", func() approval.Request { return more(true) }, true, "en_US.UTF-8", false, 0},
	{"widen-dark", func() approval.Request { return more(false) }, true, "en_US.UTF-8", true, 0},
	{"mail", func() approval.Request { return mail() }, true, "en_US.UTF-8", false, 0},
	{"mail-de", func() approval.Request { return mail() }, true, "de_DE.UTF-8", false, 0},
	{"mail-warned", warned, true, "en_US.UTF-8", false, 0},
	{"mail-warned-dark", warned, true, "en_US.UTF-8", true, 0},
	{"mail-hostile", hostileMail, true, "en_US.UTF-8", false, 0},
	{"mail-hostile-below", hostileMail, true, "en_US.UTF-8", false, 440},
	{"connect-hostile-below", hostile, false, "en_US.UTF-8", false, 400},
}

// TestCardsLookAsIntended compares each card with its picture. After a change that was meant, look at
// testdata/failed and copy from there.
func TestCardsLookAsIntended(t *testing.T) {
	for _, p := range pictured {
		t.Run(p.name, func(t *testing.T) {
			variant := theme.VariantLight
			if p.dark {
				variant = theme.VariantDark
			}
			b := newBench(t, inLanguage(t, p.locale, variant))
			b.ahead(90 * time.Second)
			b.desk.Update([]approval.Request{p.r(), {ID: "q2", Kind: approval.Action, ExpiresAt: noon.Add(time.Hour)}})
			b.ahead(time.Second)
			if p.chosen {
				b.choose()
			}
			b.scroll(p.down)
			b.desk.advance()
			looks(t, p.name, b.desk.window.Canvas().Capture())
		})
	}
}

func TestNoticesLookAsIntended(t *testing.T) {
	b := newBench(t, inLanguage(t, "en_US.UTF-8", theme.VariantLight))
	b.desk.Update([]approval.Request{mail()})
	b.desk.Update(nil)
	looks(t, "notice", b.desk.window.Canvas().Capture())
}
