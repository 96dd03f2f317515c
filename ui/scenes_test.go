package ui

import (
	"strings"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
)

// The scenes are snapshots that tests draw.

// scope is a scope in words.
func scopes(titles ...string) []desk.Choice {
	all := make([]desk.Choice, 0, len(titles))
	for _, t := range titles {
		id, title, _ := strings.Cut(t, "=")
		all = append(all, desk.Choice{ID: id, Title: title})
	}
	return all
}

func everySetting() []desk.Setting {
	var all []desk.Setting
	for _, k := range settings.Keys() {
		all = append(all, desk.Setting{Name: k.Name, Value: k.Default, Default: k.Default, Doc: k.Doc, Values: k.Values})
	}
	return all
}

// fresh is a bridge that was just installed.
func fresh() desk.Snapshot {
	return desk.Snapshot{At: now, Version: "0.1.0", Dir: "/home/anna/.config/postern", Folder: "/home/anna/.config/postern/files", Serving: true,
		Local: "http://127.0.0.1:7878/mcp", Vault: desk.Vault{Kind: "the GNOME keyring"}, Settings: everySetting(),
		Tunnel: desk.Tunnel{Provider: settings.Ngrok, State: tunnel.Off, Needs: `your ngrok account is not known yet: run "postern tunnel login", or connect it on the page Share`}}
}

// set gives a setting of a scene a value.
func set(s *desk.Snapshot, name, value string) {
	for i := range s.Settings {
		if s.Settings[i].Name == name {
			s.Settings[i].Value = value
		}
	}
}

// usual is a bridge in everyday use.
func usual() desk.Snapshot {
	s := fresh()
	s.GoogleClient = "1234567890-abc.apps.googleusercontent.com"
	s.Tunnel.Needs = ""
	set(&s, "tunnel.domain", "postern-anna.ngrok-free.dev")
	s.Profiles = []desk.Profile{
		{ID: "p1", Name: "work", Email: "anna@work.example", State: "valid", Toolsets: []string{"gmail", "calendar"}, Default: true, SignedInAt: now.AddDate(0, -1, 0)},
		{ID: "p2", Name: "home", Email: "anna@example.com", State: "must sign in again", Reason: "Google ended the sign-in: the password was changed.", ReadOnly: true, SignedInAt: now.AddDate(0, -3, 0)},
	}
	s.Clients = []desk.Client{
		{ID: "c1", Name: "Claude", Identity: "claude.ai", CreatedAt: now.AddDate(0, -1, 0), LastUsedAt: now.Add(-7 * time.Minute), LastFrom: "public", Grants: []desk.Grant{{
			ID: "g1", Profiles: []desk.Choice{{ID: "p1", Title: "work"}}, Scopes: scopes("gmail:read=Read mail", "gmail:write=Write drafts, label and archive mail", "gmail:send=Send mail"),
			SentTo: "https://claude.ai/api/mcp/auth_callback", Public: true, CreatedAt: now.AddDate(0, -1, 0), ExpiresAt: now.AddDate(0, 5, 0)}}},
		{ID: "c2", Name: "Cursor", CreatedAt: now.AddDate(0, 0, -2), Grants: []desk.Grant{
			{ID: "g2", Profiles: []desk.Choice{{ID: "p1", Title: "work"}}, Scopes: scopes("gmail:read=Read mail"), SentTo: "cursor://anysphere.cursor-retrieval/oauth", ExpiresAt: now.Add(5 * time.Hour)},
			{ID: "g3", Profiles: []desk.Choice{{ID: "p2", Title: "home"}}, Scopes: scopes("gmail:read=Read mail"), SentTo: "http://127.0.0.1:51234/callback"}}},
		{ID: "c3", Name: "mcp-remote", CreatedAt: now.AddDate(0, 0, -9), LastUsedAt: now.AddDate(0, 0, -8), LastFrom: "this computer"},
		{ID: "c4", Name: "Free Prizes", Blocked: true, CreatedAt: now.AddDate(0, 0, -4)},
	}
	s.Recent = []activity.Entry{
		{Seq: 5, At: now.Add(-7 * time.Minute), Event: activity.Call, Client: "Claude", Profile: "work", Tool: "gmail_search", Outcome: activity.OK, Duration: 412 * time.Millisecond},
		{Seq: 4, At: now.Add(-9 * time.Minute), Event: activity.Call, Client: "Claude", Profile: "work", Tool: "gmail_send", Outcome: activity.Denied, Duration: 12400 * time.Millisecond},
		{Seq: 3, At: now.Add(-2 * time.Hour), Event: activity.Call, Client: "Cursor", Profile: "home", Tool: "gmail_read_thread", Outcome: activity.Failed, Duration: 1200 * time.Millisecond},
		{Seq: 2, At: now.Add(-3 * time.Hour), Event: activity.Paused, Outcome: activity.OK},
		{Seq: 1, At: now.AddDate(0, -1, 0), Event: activity.LetIn, Client: "Claude", Outcome: activity.OK},
	}
	return s
}

// asked is a bridge that waits for the owner.
func asked() desk.Snapshot {
	s := usual()
	s.Profiles[1].State, s.Profiles[1].Reason = "valid", ""
	s.PairingUntil = now.Add(8 * time.Minute)
	s.Waiting = []approval.Request{
		{ID: "a1", Kind: approval.Connect, Client: "ChatGPT", State: approval.Pending, CreatedAt: now.Add(-90 * time.Second), Offer: &approval.Offer{ClientID: "c9", From: "the internet", Public: true}},
		{ID: "a2", Kind: approval.Action, Client: "Claude", State: approval.Pending, CreatedAt: now.Add(-20 * time.Second), Preview: approval.Preview{Title: "Send a mail to ben@example.com"}},
	}
	return s
}

// shared is a bridge that is reached from the internet.
func shared() desk.Snapshot {
	s := usual()
	s.Profiles = s.Profiles[:1]
	s.Public = "https://postern-anna.ngrok-free.dev/mcp"
	s.Tunnel = desk.Tunnel{Provider: settings.Ngrok, State: tunnel.Online, URL: s.Public, Since: now.Add(-2 * time.Hour), Until: now.Add(6 * time.Hour), Account: "Anna Berg", Plan: "Free", Region: "eu",
		LastCall: now.Add(-7 * time.Minute), Requests: 1234, Limit: 20_000, Check: desk.Found{What: desk.Answers}}
	return s
}

// tunnelled is shared, in another state of the tunnel.
func tunnelled(state tunnel.State, code, detail string) desk.Snapshot {
	s := shared()
	s.Tunnel.State, s.Tunnel.Code, s.Tunnel.Detail = state, code, detail
	if !s.Tunnel.Up() {
		s.Public, s.Tunnel.Check = "", desk.Found{}
	}
	if state == tunnel.Failed {
		s.Tunnel.URL = ""
	}
	return s
}

// owned is a bridge whose owner has a proxy of their own, at an address.
func owned(address string) desk.Snapshot {
	s := usual()
	set(&s, "tunnel.provider", settings.OwnURL)
	set(&s, "tunnel.url", address)
	s.Tunnel = desk.Tunnel{Provider: settings.OwnURL, State: tunnel.Off}
	if address == "" {
		s.Tunnel.Needs = "the address at which your proxy is reached is not known yet"
	}
	return s
}

// noToken is what ngrok's refusal of an authtoken is told as.
const noToken = "ngrok does not know this authtoken: copy it again from dashboard.ngrok.com/get-started/your-authtoken"

// installed are the apps of a computer.
func installed() []desk.App {
	const entry = "{\n  \"mcpServers\": {\n    \"postern\": {\n      \"command\": \"/usr/bin/postern\",\n      \"args\": [\n        \"stdio\"\n      ]\n    }\n  }\n}"
	return []desk.App{
		{ID: "claude-code", Name: "Claude Code", File: "/home/anna/.claude.json", Connected: true, Entry: entry, Restart: true},
		{ID: "codex", Name: "Codex", File: "/home/anna/.codex/config.toml", Entry: "[mcp_servers.postern]\ncommand = \"/usr/bin/postern\"\nargs = [\"stdio\"]", Restart: true},
		{ID: "cursor", Name: "Cursor", File: "/home/anna/.cursor/mcp.json", Entry: entry},
	}
}

// troubled is a bridge that clients do not reach, for two reasons.
func troubled() desk.Snapshot {
	s := usual()
	s.Serving, s.Local = false, ""
	s.Trouble = "listening: listen tcp 127.0.0.1:7878: bind: address already in use; choose another port with the setting http.port, or once with --addr"
	s.Tunnel.State, s.Tunnel.Detail, s.Tunnel.Code = tunnel.Failed, noToken, "ERR_NGROK_107"
	return s
}

// paused is a bridge whose owner wants to be left alone, with the sample account.
func paused() desk.Snapshot {
	s := usual()
	s.Paused, s.Demo = true, true
	s.Profiles = append(s.Profiles[:1:1], desk.Profile{ID: "demo", Name: "demo", Email: "demo@postern.example", State: "valid", Sample: true})
	return s
}

// lockedDown is a bridge that lets nobody in.
func lockedDown() desk.Snapshot {
	s := usual()
	s.LockedDown, s.Clients = true, nil
	return s
}

// Texts that somebody would be fooled by.
const (
	rtl   = "قم بتحويل الأموال"
	bidi  = "invoice\u202efdp.exe\u202c\u2066hidden\u2069"
	shell = "$(touch /tmp/pwned) `id` **bold** [click](https://evil.example) <b>x</b>"
)

var long = strings.Repeat("An assistant with a very long name ", 15)[:500]

// foreign is a bridge whose clients write from right to left.
func foreign() desk.Snapshot {
	s := usual()
	for i := range s.Clients {
		s.Clients[i].Name = rtl
	}
	for i := range s.Recent {
		s.Recent[i].Client = rtl
	}
	for i := range s.Profiles {
		s.Profiles[i].Name = rtl
	}
	s.Tunnel = shared().Tunnel
	s.Tunnel.Account, s.Tunnel.Plan = rtl, rtl
	s.Public, s.Clients[0].LastFrom, s.Folder = s.Tunnel.URL, activity.Public, "/home/"+rtl
	s.Waiting = []approval.Request{{ID: "a1", Kind: approval.Connect, Client: "\u202e" + rtl + " abc", State: approval.Pending, CreatedAt: now, Offer: &approval.Offer{}}}
	return s
}

// hostile is a bridge whose clients have names to fool the owner with.
func hostile() desk.Snapshot {
	s := usual()
	for i, n := range []string{long, bidi, shell, "Free Prizes"} {
		s.Clients[i].Name = n
	}
	s.Clients[0].Identity = "xn--cude-6cd.example"
	s.Clients[0].Grants[0].SentTo = "https://evil.example/" + strings.Repeat("a", 400)
	s.Profiles[0].Email = strings.Repeat("m", 200) + "@work.example"
	s.Profiles[1].Reason = "bad\x00\x1b[31mred\nline " + bidi
	for i, n := range []string{long, bidi, shell, "\u200b\u200b", "x"} {
		s.Recent[i].Client, s.Recent[i].Event = n, activity.Call
	}
	s.Recent[1].Tool = strings.Repeat("x", 300)
	s.Waiting = []approval.Request{{ID: "a1", Kind: approval.Connect, Client: bidi + "\n\nAllow", State: approval.Pending, CreatedAt: now, Offer: &approval.Offer{Quiet: true}},
		{ID: "a2", Kind: approval.Action, Client: long, State: approval.Pending, CreatedAt: now, Preview: approval.Preview{Title: "Send " + shell}}}
	s.Trouble = "listening: " + bidi + shell
	s.Public, s.Folder, s.Dir, s.Vault.Kind = "https://xn--cude-6cd.example/"+strings.Repeat("a", 400), "/home/"+long, "/home/"+bidi, shell
	s.Tunnel = desk.Tunnel{Provider: settings.Ngrok, State: tunnel.Online, URL: s.Public, Account: bidi + "\n" + long, Plan: shell, Check: desk.Found{What: "answers: " + bidi, Says: "answers: " + bidi + "\x1b[31m" + long},
		ConnectURL: bidi, CAFile: "/home/" + long, Requests: 1 << 40, Limit: 1}
	s.Clients[0].LastFrom, s.Clients[1].LastFrom = activity.Public, activity.Public
	return s
}
