//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestDesktopShare: the owner connects their ngrok account in the window, shares by one click, is reached, stops by one
// click, and is reached no more; and quitting ends it, too.
func TestDesktopShare(t *testing.T) {
	n := startInternet(t)
	a := office(t, testHost, "HTTPS_PROXY="+n.proxy, "SSL_CERT_FILE="+n.caFile)
	a.record.secret("the authtoken", authtoken)
	for name, value := range map[string]string{"tunnel.connect_url": n.edge.Addr(), "tunnel.ca_file": n.caFile} {
		if o := a.terminal("", "settings", "set", name, value); o.code != 0 {
			t.Fatalf("settings set %s: exit %d\n%s", name, o.code, o.stdout)
		}
	}
	a.start("--hidden")
	a.shows("Ready · no clients yet")

	a.choose("Share on the internet") // which cannot be yet, so that the window says how
	a.reads(mainWindow, "Connect your ngrok account")
	if out, err := a.screen.seat.(xSeat).run("xdotool", "windowsize", "--sync", a.screen.window(mainWindow), "760", "1000"); err != nil { // so that all of the form is seen
		t.Fatalf("%v %s", err, out)
	}
	a.field(mainWindow, "Paste the authtoken", authtoken)
	a.field(mainWindow, "name.ngrok-free.dev", n.edge.Domain)
	a.tap(mainWindow, "Connect account")
	a.reads(mainWindow, "Not shared")
	if n.edge.Auths() != 0 {
		t.Error("it signed in before the owner wanted to share")
	}

	answers := func() string {
		resp, err := n.edge.Client().Get(n.edge.URL() + "/.well-known/oauth-protected-resource")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return "Postern"
		}
		return resp.Header.Get("Ngrok-Error-Code")
	}
	a.tap(mainWindow, "Share on the internet")
	a.reads(mainWindow, "Shared on the internet")
	a.reads(mainWindow, n.edge.URL()+"/mcp")
	a.shows("Shared on the internet · no clients yet")
	a.wait("a look from outside", func() bool { return strings.Contains(a.must("tunnel", "status"), "answers as it should") })
	if got := answers(); got != "Postern" {
		t.Errorf("while it is shared %s answers", got)
	}
	if got := n.edge.LastAuth().Extra.Authtoken; got != authtoken {
		t.Error("another authtoken was used")
	}
	a.tap(mainWindow, "Stop sharing")
	a.reads(mainWindow, "Not shared")
	a.wait("the address to be offline", func() bool { return answers() == "ERR_NGROK_3200" })

	a.choose("Share on the internet")
	a.shows("Shared on the internet · no clients yet")
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("quit: exit %d", code)
	}
	a.wait("the address to be offline after quitting", func() bool { return answers() == "ERR_NGROK_3200" })
	a.closedInOrder()
}
