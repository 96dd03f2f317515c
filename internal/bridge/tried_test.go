package bridge

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postern/internal/desk"
	"postern/internal/ngroktest"
	"postern/internal/settings"
	"postern/server/oauth"
)

// TestTriedAgain: what was found at the address is of now: after a cut it is looked again.
func TestTriedAgain(t *testing.T) {
	s := newShared(t)
	s.on()
	s.until("a look from outside", func(now desk.Tunnel) bool { return strings.HasSuffix(now.Check.Says, "answers as it should") })
	s.edge.Quota("ERR_NGROK_727")
	s.edge.Cut()
	now := s.until("a look after the cut", func(now desk.Tunnel) bool { return now.State == "online" && now.Check.Bad() })
	if !strings.Contains(now.Check.Says, "ERR_NGROK_727") {
		t.Errorf("%+v", now)
	}
}

// TestACutBeginsAnew: after a cut the address is tried as soon again as after the first failure, however often it has failed
// before.
func TestACutBeginsAnew(t *testing.T) {
	defer func(was []time.Duration) { tryAgain = was }(tryAgain)
	tryAgain = []time.Duration{time.Second, time.Hour}
	e := &ngroktest.Edge{}
	web := &counted{}
	s := shareAt(t, Config{Web: web}, e)
	web.RoundTripper = e.Client().Transport
	s.edge.Quota("ERR_NGROK_734")
	s.on()
	within(t, "two tries", func() bool { return web.n.Load() == 2 })
	s.edge.Cut()
	within(t, "a try after the cut", func() bool { return web.n.Load() > 2 })
	s.edge.Quota("")
	s.until("one that answers", func(now desk.Tunnel) bool { return now.State == "online" && now.Check.What == desk.Answers })
}

// counted counts what goes through it.
type counted struct {
	http.RoundTripper
	n atomic.Int32
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

// unplugged is a network that is gone until it is plugged in.
type unplugged struct {
	http.RoundTripper
	in atomic.Bool
}

func (u *unplugged) RoundTrip(r *http.Request) (*http.Response, error) {
	if !u.in.Load() {
		return nil, errors.New("the network is unreachable")
	}
	return u.RoundTripper.RoundTrip(r)
}

// TestNoProof: that nothing answers because this computer is offline does not prove that the address is dead.
func TestNoProof(t *testing.T) {
	e := &ngroktest.Edge{}
	web := &unplugged{}
	s := shareAt(t, Config{Web: web}, e)
	web.RoundTripper = e.Client().Transport
	s.on()
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := s.until("a look that shows nothing", func(now desk.Tunnel) bool { return now.Check.What == desk.Unseen })
	if now.Check.Bad() || !strings.Contains(now.Check.Says, "the network is unreachable") {
		t.Errorf("%+v", now)
	}
	web.in.Store(true)
	s.until("a look that does", func(now desk.Tunnel) bool { return now.Check.What == desk.Dead })
}

// elsewhere answers for the public address, as another Postern that is shared there would.
type elsewhere struct{ issuer string }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"resource":%q,"authorization_servers":[%q]}`, e.issuer+oauth.Path, e.issuer)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestStillAnswers: another one who is shared at the address when it should be dead is told to the owner.
func TestStillAnswers(t *testing.T) {
	e := &ngroktest.Edge{Domain: "postern-test.ngrok-free.dev"}
	s := shareAt(t, Config{Web: elsewhere{"https://" + e.Domain}}, e)
	s.on()
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := s.until("a look whether it is dead", func(now desk.Tunnel) bool { return now.Check.Bad() })
	if !strings.Contains(now.Check.Says, "still answers as Postern") || !strings.Contains(now.Check.Says, "dashboard.ngrok.com/authtokens") {
		t.Errorf("%+v", now)
	}
	if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.Tunnel.Check != now.Check || !snap.Tunnel.Troubled() {
		t.Errorf("%+v, %v", snap.Tunnel, err)
	}
	s.set("tunnel.provider", settings.OwnURL)
	s.set("tunnel.url", "https://"+publicHost)
	if now := s.tunnel(); now.Check.What != "" {
		t.Errorf("it is told of another address: %+v", now.Check)
	}
	s.set("tunnel.provider", settings.Ngrok)
	if now := s.tunnel(); now.Check.What != desk.Alive {
		t.Errorf("it is forgotten: %+v", now.Check)
	}
}

// TestQuotaIsSeen: what ngrok answers in Postern's place is told to the owner, in plain words.
func TestQuotaIsSeen(t *testing.T) {
	for code, words := range map[string]string{"ERR_NGROK_725": "bytes of its month", "ERR_NGROK_726": "connections of its month", "ERR_NGROK_727": "requests of its month", "ERR_NGROK_734": "more requests a minute", "ERR_NGROK_3004": "cut, or this computer is too busy", "ERR_NGROK_6024": "click \"Visit Site\"", "ERR_NGROK_9997": "ngrok answers in Postern's place"} {
		s := newShared(t)
		s.edge.Quota(code)
		s.on()
		now := s.until("a look from outside", func(now desk.Tunnel) bool { return now.Check.What != "" })
		if !now.Check.Bad() || !strings.Contains(now.Check.Says, words) || !strings.Contains(now.Check.Says, code) {
			t.Errorf("%s: %+v", code, now)
		}
		if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.Tunnel.Check != now.Check || !snap.Tunnel.Troubled() {
			t.Errorf("%+v, %v", snap.Tunnel, err)
		}
		if code != "ERR_NGROK_734" {
			continue
		}
		s.edge.Quota("") // it has passed, and the owner is not told of it any more
		s.until("another look", func(now desk.Tunnel) bool { return now.Check.What != "" && !now.Check.Bad() })
	}
}
