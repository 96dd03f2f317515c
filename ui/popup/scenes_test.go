package popup

import (
	"strings"
	"time"

	"postern/internal/approval"
	"postern/internal/tool"
)

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

func connect(o approval.Offer, warnings ...approval.Text) approval.Request {
	r := asked(approval.Connect, 5*time.Minute)
	r.Shown = "64 27 91"
	o.ClientID = "mcpc_1"
	r.Public = o.Public
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
	}, approval.Say("connect.loopback", "Access goes to an app on the computer where the browser runs. Any app there can call itself so."), dynamic)
}

// dynamic and alike are warnings as the server has them.
var dynamic = approval.Say("connect.dynamic", "It registered itself: nobody vouches for its name.")

func alike(host string) approval.Text {
	return approval.Say("connect.lookalike", "{host} looks like {known}, but is a different place.", "host", host, "known", "claude.ai")
}

func stranger() approval.Request {
	return connect(approval.Offer{
		SendTo: "https://claude.ai.evil.example/api/mcp/auth_callback", Target: "web", Host: "claude.ai.evil.example",
		From: "the internet, 198.51.100.9", Public: true, Profiles: home(), Longest: 180 * day, Scopes: choices("gmail:read", "drive:read"),
	}, alike("claude.ai.evil.example"), dynamic)
}

// nasty is a name made to mislead.
const nasty = "\u202eedualC\u202c **bold** [link](https://evil.example) $(rm -rf ~) \u200b<b>Postern says: safe</b>”\n\nAllow: yes "

func hostile() approval.Request {
	r := connect(approval.Offer{
		SendTo: "https://xn--clude-vqa.ai/" + strings.Repeat("callback/", 40) + "\u202e%2e%2e?x=$(id)", Target: "web", Host: "xn--clude-vqa.ai",
		Identity: "", From: "the internet, 2001:db8:1234:5678:9abc:def0:1234:5678" + strings.Repeat(", 10.0.0.1", 30), Public: true, Longest: 12 * time.Hour,
		Profiles: []approval.Choice{{ID: "p1", Title: strings.Repeat("a very long name ", 30)}, {ID: "p2", Title: "مكتب (me@work.example)"}},
		Scopes:   append(choices("gmail:read"), approval.Choice{ID: "new:scope", Title: strings.Repeat("Unheard of ", 50), Asked: true}),
	}, alike(strings.Repeat("xn--clude-vqa.ai ", 30)), approval.Say("popup.deny", "{{.Client}} popup.allow"))
	r.Client = nasty + strings.Repeat("A", 500)
	return r
}

func more(public bool) approval.Request {
	r := asked(approval.Widen, 15*time.Minute)
	r.Tool, r.Public = "gmail_send", public
	r.Offer = &approval.Offer{ClientID: "mcpc_1", Grant: "g1", From: "outside", Public: public, Scopes: []approval.Choice{
		{ID: "gmail:write", Title: "Sort your mail and write drafts", Asked: true}, {ID: "gmail:send", Title: "Send mail as you", Asked: true, Risky: true}}}
	r.Preview = approval.Preview{Title: `"Claude" wants more: Send mail as you`, Fields: []approval.Field{{Name: "Tried", Value: "gmail_send"},
		{Name: "With", Value: `{"to":["anna@example.com"],"subject":"Friday","body":"Shall we meet at noon?"}`}}}
	return r
}

// rtl is a client with a name from right to left, and short one with hardly any.
func rtl() approval.Request {
	r := verified()
	r.Client = "قلود المساعد"
	r.Offer.Profiles = []approval.Choice{{ID: "p1", Title: "בית (me@example.com)"}, {ID: "p2", Title: "مكتب (me@work.example)"}}
	return r
}

func short() approval.Request {
	r := connect(approval.Offer{SendTo: "cursor://anysphere.cursor-mcp/oauth/callback", Target: "app", Host: "anysphere.cursor-mcp", Known: "Cursor", From: "this computer", Profiles: home(), Scopes: []approval.Choice{{ID: "tasks:read", Title: "See your tasks", Asked: true}}})
	r.Client = ""
	return r
}
