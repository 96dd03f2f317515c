package bridge

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"postern/internal/approval"
)

// TestOnlyWhatClientsSendMakesAClient: the browser that shows the page which waits is none.
func TestOnlyWhatClientsSendMakesAClient(t *testing.T) {
	c := newCallers()
	h := c.watch(http.NotFoundHandler())
	for _, r := range []struct {
		path   string
		client bool
	}{
		{"/authorize?x=y", false}, {"/authorize/status", false}, {"/authorize/finish", false}, {"/.well-known/oauth-authorization-server", false}, {"/", false},
		{"/mcp", true}, {"/mcp/", true}, {"/register", true}, {"/token", true},
	} {
		server := httptest.NewUnstartedServer(h)
		server.Config.ConnContext = c.connected
		server.Start()
		for range 2 { // on the same connection, which is noted once
			resp, err := server.Client().Get(server.URL + r.path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		server.Close()
		c.mu.Lock()
		if got := len(c.fresh); got != map[bool]int{true: 1, false: 0}[r.client] {
			t.Errorf("%s: %d connections of clients", r.path, got)
		}
		c.fresh = nil
		c.mu.Unlock()
	}
}

func TestCallersAreForgotten(t *testing.T) {
	c, now, here := newCallers(), time.Now(), approval.Self()
	gone := approval.Ancestor{PID: 1 << 30, Start: "1"}
	c.known[gone] = known{approval.Process{PID: gone.PID, Start: gone.Start, Space: here.Space}, now}
	oldest := approval.Ancestor{PID: here.PID, Start: "0"}
	for i := range maxCallers + 1 {
		c.known[approval.Ancestor{PID: here.PID, Start: fmt.Sprint(i)}] = known{here, now.Add(time.Duration(i) * time.Second)}
	}
	kept := approval.Ancestor{PID: here.PID, Start: "1"}
	c.clients["gone"], c.clients["oldest"], c.clients["kept"] = gone, oldest, kept
	if all := c.all(); len(all) != maxCallers {
		t.Errorf("%d programs are remembered", len(all))
	}
	for _, a := range []approval.Ancestor{gone, oldest} {
		if _, ok := c.known[a]; ok {
			t.Errorf("%+v is remembered", a)
		}
	}
	if len(c.clients) != 1 || c.clients["kept"] != kept {
		t.Errorf("of clients there are %v", c.clients)
	}
}

// TestThisProcessIsNoCaller: a bridge that calls itself is a test.
func TestThisProcessIsNoCaller(t *testing.T) {
	s := serve(t, t.TempDir())
	_, token := s.grant("gmail:read")
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusOK {
		t.Fatal(status)
	}
	connected, err := s.Connected(t.Context())
	if err != nil || slices.ContainsFunc(connected, func(p approval.Process) bool { return p.PID == approval.Self().PID }) {
		t.Errorf("%+v, %v", connected, err)
	}
	other := openAt(t, Config{Dir: s.Dir}) // asks the bridge that runs
	if over, err := other.Connected(t.Context()); err != nil || len(over) != len(connected) {
		t.Errorf("another process hears of %+v, %v", over, err)
	}
}
