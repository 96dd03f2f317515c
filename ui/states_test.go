package ui

import (
	"context"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
	"postern/tunnel"
)

// pictured is what a window can be brought to.
type pictured struct {
	name string
	size fyne.Size // 640 by 480, if it is not said
	open func(t *testing.T, st *stage)
}

// scrollDown shows the end of the page.
func (st *stage) scrollDown() {
	each(st.window.Content(), func(o fyne.CanvasObject) {
		if s, ok := o.(*container.Scroll); ok {
			s.Refresh() // what the canvas does with each frame
			s.ScrollToBottom()
		}
	})
}

// drawnAt shows a page of a snapshot.
func drawnAt(page int, s desk.Snapshot) func(*testing.T, *stage) {
	return func(_ *testing.T, st *stage) {
		st.draw(s)
		st.window.open(page)
	}
}

// states are what lies over the window, and what a page shows besides its scenes.
func states() []pictured {
	tall := fyne.NewSize(680, 760)
	return []pictured{
		{name: "sheet-lockdown", open: func(t *testing.T, st *stage) { st.press(t, "Lock down…") }},
		{name: "sheet-google", open: func(t *testing.T, st *stage) {
			st.draw(fresh())
			st.press(t, "Begin…")
		}},
		{name: "sheet-profile", open: func(_ *testing.T, st *stage) { st.window.addProfile() }},
		{name: "sheet-browser", open: func(_ *testing.T, st *stage) {
			st.work.spawn = func(func()) {}
			st.window.profiles.again("home")
			st.window.profiles.sheet.waiting(desk.Step{URL: "https://accounts.google.com/o/oauth2/v2/auth?client_id=1234567890-abc.apps.googleusercontent.com&code_challenge=x", Opened: true})
		}},
		{name: "sheet-signed", open: func(_ *testing.T, st *stage) {
			st.bridge.remarks = []string{"Calendar was not granted: its tools are not shown. Sign in again to grant it."}
			st.window.profiles.again("work")
		}},
		{name: "sheet-refused", open: func(_ *testing.T, st *stage) {
			st.bridge.err = errors.New("signing in: Google refused (access_denied): allow it on Google's page")
			st.window.profiles.again("work")
		}},
		{name: "sheet-change", open: func(t *testing.T, st *stage) {
			choicesOnOffer(st.bridge)
			st.window.open(viewClients)
			st.press(t, "Change…")
		}},
		{name: "sheet-code", open: func(_ *testing.T, st *stage) {
			st.window.views[viewShare].(*shareView).pairing.showCode(desk.PairingCode{Code: "ABCD-EFGH", Until: now.Add(10 * time.Minute)})
		}},
		{name: "sheet-code-terms", size: tall, open: func(t *testing.T, st *stage) {
			choicesOnOffer(st.bridge)
			st.window.open(viewShare)
			st.press(t, "Make a pairing code…")
		}},
		{name: "sheet-failed", open: func(t *testing.T, st *stage) {
			st.bridge.err = errors.New("pausing: the disk is full: free some space")
			st.press(t, "Pause all access")
		}},
		{name: "sheet-vault", open: func(t *testing.T, st *stage) {
			st.draw(bare())
			st.press(t, "Choose…")
		}},
		{name: "sheet-apps", open: func(t *testing.T, st *stage) { st.press(t, "Connect them…") }},
		{name: "sheet-apps-replace", open: func(t *testing.T, st *stage) {
			st.apps.all = st.apps.all[1:2]
			st.apps.all[0].Old = "[mcp_servers.postern]\ncommand = \"" + bidi + "\"\nargs = [\"" + shell + "\"]"
			st.press(t, "Look again")
			st.tick(t, "Codex")
			st.press(t, "Connect them…")
		}},
		{name: "sheet-clear", open: func(t *testing.T, st *stage) {
			st.window.open(viewActivity)
			st.press(t, "Clear…")
		}},
		{name: "apps-done", size: tall, open: func(t *testing.T, st *stage) {
			st.apps.fail = map[string]error{"cursor": errors.New("the file is no valid JSON (line 3, column 1: invalid character '}'): mend it first")}
			st.press(t, "Connect them…")
			st.press(t, "Write it")
		}},
		{name: "apps-none", open: func(t *testing.T, st *stage) {
			st.apps.all = nil
			st.press(t, "Look again")
		}},
		{name: "apps-hostile", size: tall, open: func(t *testing.T, st *stage) {
			st.apps.all[0].Connected, st.apps.all[0].Problem = false, "the file is no valid JSON ("+bidi+shell+long+")"
			st.apps.all[1].Old = long
			st.apps.all[2].Name = long
			st.press(t, "Look again")
		}},
		{name: "steps-signed", size: tall, open: func(_ *testing.T, st *stage) {
			s := fresh()
			s.GoogleClient, s.Profiles = usual().GoogleClient, usual().Profiles[:1]
			st.apps.all[0].Connected = false
			st.window.views[viewStatus].(*statusView).apps.look()
			st.draw(s)
		}},
		{name: "share-connecting", open: drawnAt(viewShare, tunnelled(tunnel.Connecting, "", ""))},
		{name: "share-reconnecting", open: drawnAt(viewShare, tunnelled(tunnel.Reconnecting, "", "the connection to ngrok broke off: it is made again in 8 seconds"))},
		{name: "share-failed", open: drawnAt(viewShare, tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken))},
		{name: "share-failed-hostile", size: tall, open: drawnAt(viewShare, tunnelled(tunnel.Failed, bidi+long, bidi+"\n\nAllow "+shell+long))},
		{name: "share-near-limit", size: tall, open: func(_ *testing.T, st *stage) {
			s := shared()
			s.Tunnel.Requests, s.Tunnel.Until = 17_950, time.Time{}
			s.Tunnel.Check = desk.Found{What: desk.Instead, Code: "ERR_NGROK_3200"}
			s.Tunnel.ConnectURL, s.Tunnel.CAFile = "connect.example.com:443", "/home/anna/ca.pem"
			drawnAt(viewShare, s)(nil, st)
		}},
		{name: "share-unreached", size: tall, open: func(_ *testing.T, st *stage) {
			s := owned("https://postern.example.com")
			s.Public = "https://postern.example.com/mcp"
			s.Tunnel.State, s.Tunnel.URL, s.Tunnel.Check.What = tunnel.Online, s.Public, desk.Silent
			drawnAt(viewShare, s)(nil, st)
		}},
		{name: "share-kept", size: tall, open: func(_ *testing.T, st *stage) {
			drawnAt(viewShare, tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken))(nil, st)
			st.window.share.accountKept(usual())
		}},
		{name: "share-still", open: func(_ *testing.T, st *stage) {
			s := usual()
			s.Tunnel.Requests = 1234
			s.Tunnel.Check.What = desk.Alive
			drawnAt(viewShare, s)(nil, st)
		}},
		{name: "share-account", size: tall, open: drawnAt(viewShare, fresh())},
		{name: "share-account-change", size: tall, open: func(t *testing.T, st *stage) {
			st.draw(tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken))
			st.window.open(viewShare)
			st.press(t, "Change account…")
			st.entryIn(t, 0).SetText("2abc_secret")
			st.entryIn(t, 1).SetText("anna")
			st.press(t, "Connect account")
		}},
		{name: "share-own", size: fyne.NewSize(680, 1240), open: drawnAt(viewShare, owned("https://postern.example.com"))},
		{name: "share-own-missing", size: fyne.NewSize(680, 1000), open: drawnAt(viewShare, owned(""))},
		{name: "share-steps", size: tall, open: func(_ *testing.T, st *stage) {
			s := shared()
			s.PairingUntil = now.Add(8 * time.Minute)
			drawnAt(viewShare, s)(nil, st)
			for range 2 {
				st.window.Resize(tall.AddWidthHeight(1, 1))
				st.window.Resize(tall)
			}
			st.scrollDown()
		}},
		{name: "share-stopping", open: func(t *testing.T, st *stage) {
			drawnAt(viewShare, shared())(nil, st)
			st.work.spawn = func(func()) {}
			st.press(t, "Stop sharing")
		}},
		{name: "activity-found", open: func(_ *testing.T, st *stage) {
			st.window.open(viewActivity)
			st.bridge.entries = st.bridge.entries[1:2]
			st.window.views[viewActivity].(*activityView).outcome.SetSelected("denied")
		}},
		{name: "activity-nothing", open: func(_ *testing.T, st *stage) {
			st.window.open(viewActivity)
			st.bridge.entries = nil
			st.window.views[viewActivity].(*activityView).client.SetText("Nobody")
		}},
		{name: "working", open: func(_ *testing.T, st *stage) {
			st.work.spawn = func(func()) {}
			st.work.run("Exporting the activity", func(context.Context) error { return nil }, nil)
			for _, later := range st.late {
				later()
			}
		}},
		{name: "news", open: func(_ *testing.T, st *stage) {
			st.work.news("The activity was exported", "/home/anna/postern-activity.csv")
			st.work.fail("Removing work", errors.New("Google could not be told: remove the access at myaccount.google.com "+bidi))
		}},
		{name: "settings-below", size: fyne.NewSize(680, 1500), open: func(_ *testing.T, st *stage) {
			st.window.open(viewSettings)
			for range 2 {
				st.window.Resize(fyne.NewSize(681, 1501))
				st.window.Resize(fyne.NewSize(680, 1500))
			}
			st.scrollDown()
		}},
		{name: "settings-refused", size: tall, open: func(_ *testing.T, st *stage) {
			st.window.open(viewSettings)
			s := usual()
			for i := range s.Settings {
				switch s.Settings[i].Name {
				case "read_only":
					s.Settings[i].Value = "true"
				case "toolsets":
					s.Settings[i].Value = "gmail,drive"
				case "exchange.folder":
					s.Settings[i].Value = "/home/anna/" + rtl + "/" + long
				}
			}
			st.draw(s)
			st.bridge.err = errors.New("setting exchange.folder to \"/\": the whole disk cannot be the exchange folder")
			for _, o := range st.window.settings.fields["exchange.folder"].box.Objects {
				if e := entryIn(o); e != nil {
					e.SetText("/")
					e.OnSubmitted("/")
				}
			}
		}},
	}
}
