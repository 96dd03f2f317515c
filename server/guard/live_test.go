package guard_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/server/guard"
	"postern/server/oauth"
)

// stream is an answer that goes on.
type stream struct {
	t    *testing.T
	res  *http.Response
	in   *bufio.Reader
	next func() string // the next event, "" when it has ended
}

// listen sends a request and reads its answer as it comes.
func (d *door) listen(r *http.Request) *stream {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	d.t.Cleanup(cancel)
	res, err := d.client.Do(r.WithContext(ctx))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { res.Body.Close() })
	s := &stream{t: d.t, res: res, in: bufio.NewReader(res.Body)}
	s.next = func() string {
		for {
			line, err := s.in.ReadString('\n')
			if errors.Is(err, context.DeadlineExceeded) {
				d.t.Error("the stream goes on")
			}
			if err != nil {
				return ""
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				return strings.TrimSpace(data)
			}
		}
	}
	return s
}

// subscribe listens for changes of the list of tools, as the era does.
func (c *caller) subscribe() *stream {
	c.d.t.Helper()
	if c.era == legacy {
		s := c.d.listen(c.with(http.MethodGet, c.session))
		if s.res.StatusCode != http.StatusOK {
			c.d.t.Fatalf("GET: %d", s.res.StatusCode)
		}
		return s
	}
	s := c.d.listen(c.post("subscriptions/listen", map[string]any{"notifications": map[string]any{"toolsListChanged": true}}))
	if s.res.StatusCode != http.StatusOK {
		c.d.t.Fatalf("subscriptions/listen: %d", s.res.StatusCode)
	}
	if event := s.next(); !strings.Contains(event, "acknowledged") {
		c.d.t.Fatalf("subscriptions/listen: %s", event)
	}
	return s
}

// start begins a call that waits, and returns when it does.
func (c *caller) start() (answered chan answer) {
	c.d.t.Helper()
	answered = make(chan answer, 1)
	r := c.post("tools/call", map[string]any{"name": "calendar_wait", "arguments": map[string]any{}})
	go func() {
		res, err := c.d.client.Do(r)
		if err != nil { // it was cut off
			answered <- answer{}
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answered <- answer{res.StatusCode, res.Header, string(b)}
	}()
	select {
	case <-c.d.waits:
	case a := <-answered:
		c.d.t.Fatalf("it does not wait: %d %s", a.status, a.body)
	}
	return answered
}

// TestTheEndOfAGrant cuts off what runs and listens for it, and nothing else (attack 50, G13).
func TestTheEndOfAGrant(t *testing.T) {
	for _, e := range []era{legacy, modern} {
		for _, end := range []string{"End", "Shut"} {
			t.Run(string(e)+" "+end, func(t *testing.T) {
				d := newDoor(t)
				id, token := d.grant(all)
				_, others := d.grant(all)
				c, other := d.caller(e, token), d.caller(e, others)
				listening, calling, elsewhere := c.subscribe(), c.start(), other.subscribe()
				d.http.Changed()
				for name, s := range map[string]*stream{"own": listening, "other": elsewhere} {
					if event := s.next(); !strings.Contains(event, "list_changed") {
						t.Fatalf("%s: %s", name, event)
					}
				}
				if err := d.store.RevokeGrant(t.Context(), id, "test", d.clock()); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if end == "End" {
					d.live.End(id)
				} else {
					d.live.Shut()
				}
				if why := <-d.freed; !errors.Is(why, guard.ErrEnded) {
					t.Errorf("the call ended because %v", why)
				}
				if a := <-calling; strings.Contains(a.body, "says") {
					t.Errorf("the call was answered: %s", a.body)
				}
				for event := listening.next(); event != ""; event = listening.next() { // the last words, if any
				}
				if end == "Shut" {
					for event := elsewhere.next(); event != ""; event = elsewhere.next() {
					}
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("it took %s", took)
				}
				if a := d.do(c.post("tools/list", nil)); a.status != http.StatusUnauthorized {
					t.Errorf("a new request: %d", a.status)
				}
				a := d.do(other.post("tools/list", nil))
				if end == "End" {
					d.http.Changed()
					if event := elsewhere.next(); a.status != http.StatusOK || !strings.Contains(event, "list_changed") {
						t.Errorf("another grant: %d %q", a.status, event)
					}
					return
				}
				if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
					t.Errorf("another grant while everything is shut: %d", a.status)
				}
				d.live.Open()
				if a := d.do(other.post("tools/list", nil)); a.status != http.StatusOK {
					t.Errorf("another grant, opened again: %d %s", a.status, a.body)
				}
			})
		}
	}
}

// TestHangingUpCancels: the end of the connection is the end of the call (MCP 2026-07-28, transports, Cancellation).
func TestHangingUpCancels(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		ctx, hangUp := context.WithCancel(t.Context())
		r := c.post("tools/call", map[string]any{"name": "calendar_wait", "arguments": map[string]any{}}).WithContext(ctx)
		done := make(chan error, 1)
		go func() { _, err := d.client.Do(r); done <- err }()
		<-d.waits
		hangUp()
		<-d.freed
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", e, err)
		}
	}
}

// TestRunningLimits: one grant can take no more than its share, of calls as of streams, and gets it back.
func TestRunningLimits(t *testing.T) {
	for _, e := range []era{legacy, modern} {
		t.Run(string(e), func(t *testing.T) {
			d := newDoor(t)
			id, token := d.grant(all)
			_, others := d.grant(all)
			c := d.caller(e, token)
			for range 16 {
				c.subscribe()
			}
			again := c.with(http.MethodGet, c.session)
			if e == modern {
				again = c.post("subscriptions/listen", map[string]any{"notifications": map[string]any{"toolsListChanged": true}})
			}
			if a := d.listen(again); a.res.StatusCode != http.StatusTooManyRequests || a.res.Header.Get("Retry-After") == "" {
				t.Errorf("stream 17: %d", a.res.StatusCode)
			}
			var calls []chan answer
			for range 64 {
				calls = append(calls, c.start())
			}
			if a := d.do(c.post("tools/list", nil)); a.status != http.StatusTooManyRequests {
				t.Errorf("call 65: %d", a.status)
			}
			if a := d.do((&caller{d: d, era: modern, token: others}).post("tools/list", nil)); a.status != http.StatusOK {
				t.Errorf("another grant: %d", a.status)
			}
			d.live.End(id)
			for _, answered := range calls {
				<-answered
			}
			if a := d.do(c.post("tools/list", nil)); a.status != http.StatusOK {
				t.Errorf("afterwards: %d %s", a.status, a.body)
			}
		})
	}
}

// TestUses: the owner sees when and from where a grant was last used, once.
func TestUses(t *testing.T) {
	d := newDoor(t)
	first, a := d.grant(all)
	second, b := d.grant(all)
	d.do((&caller{d: d, era: modern, token: a}).post("tools/list", nil))
	d.pass(time.Minute)
	d.do((&caller{d: d, era: modern, token: a}).post("tools/list", nil))
	d.do((&caller{d: d, era: modern, token: b}).post("tools/list", nil))
	d.do((&caller{d: d, era: modern, token: "nonsense"}).post("tools/list", nil))
	got := map[string]oauth.LastUse{}
	for _, u := range d.live.Uses() {
		got[u.GrantID] = u
	}
	want := map[string]oauth.LastUse{first: {GrantID: first, At: d.clock(), Address: "this computer"}, second: {GrantID: second, At: d.clock(), Address: "this computer"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := d.live.Uses(); len(again) != 0 {
		t.Errorf("told twice: %v", again)
	}
}
