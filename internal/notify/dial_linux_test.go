package notify

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"postern/assets/icons"
	"postern/internal/sessionbus/sessionbustest"
)

// notice is what the server was asked to show.
type notice struct {
	App, Icon    string
	Replaces, ID uint32
	Title, Body  string
	Actions      []string
	Hints        map[string]dbus.Variant
}

// fakeServer is a notification server of the test's.
type fakeServer struct {
	conn *dbus.Conn
	can  []string

	mu     sync.Mutex // guards the fields below
	shown  []notice
	closed []uint32
}

func (f *fakeServer) GetCapabilities() ([]string, *dbus.Error) { return f.can, nil }

func (f *fakeServer) Notify(app string, replaces uint32, icon, title, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := replaces
	if id == 0 {
		id = uint32(len(f.shown) + 1)
	}
	f.shown = append(f.shown, notice{app, icon, replaces, id, title, body, actions, hints})
	return id, nil
}

func (f *fakeServer) CloseNotification(id uint32) *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = append(f.closed, id)
	return nil
}

func (f *fakeServer) last() notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shown[len(f.shown)-1]
}

func startServer(t *testing.T, can ...string) *fakeServer {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &fakeServer{conn: conn, can: can}
	if err := conn.Export(f, object, service); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(service, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the notification server: %v, %v", reply, err)
	}
	return f
}

func words(k Kind) Words {
	return Words{Title: "title of " + string(k), Body: "body of " + string(k), Action: "Review"}
}

func start(t *testing.T, n *Notifier) {
	t.Helper()
	n.Words = words
	n.Start(t.Context())
	if n.reached() == nil {
		t.Fatal("not connected")
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestClickOpens(t *testing.T) {
	sessionbustest.Start(t)
	server := startServer(t, "actions", "body")
	opened := make(chan Kind, 4)
	n := &Notifier{Icon: icons.App(), Opened: func(k Kind) { opened <- k }, Send: func(string, string) { t.Error("shown twice") }}
	start(t, n)
	n.Show(t.Context(), RequestWaits)
	got := server.last()
	if got.Title != "title of request" || got.Body != "body of request" || !slices.Equal(got.Actions, []string{"default", "Review", "review", "Review"}) {
		t.Errorf("shown: %+v", got)
	}
	if _, ok := got.Hints["image-data"]; !ok {
		t.Error("shown without the icon")
	}
	n.Show(t.Context(), SignInAgain)
	other := server.last()
	for _, action := range []string{"default", "review"} {
		if err := server.conn.Emit(object, service+".ActionInvoked", got.ID, action); err != nil {
			t.Fatal(err)
		}
		if k := next(t, opened); k != RequestWaits {
			t.Errorf("%s opens %q", action, k)
		}
	}
	// A notification of another app, one that was closed, and then ours.
	for _, s := range []struct {
		name string
		id   uint32
		arg  any
	}{{"ActionInvoked", 99, "default"}, {"NotificationClosed", got.ID, uint32(2)}, {"ActionInvoked", got.ID, "default"}, {"ActionInvoked", other.ID, "default"}} {
		if err := server.conn.Emit(object, service+"."+s.name, s.id, s.arg); err != nil {
			t.Fatal(err)
		}
	}
	if k := next(t, opened); k != SignInAgain {
		t.Errorf("opened %q, want only what was ours and open", k)
	}
}

func next(t *testing.T, opened <-chan Kind) Kind {
	t.Helper()
	select {
	case k := <-opened:
		return k
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was opened")
		return ""
	}
}

func TestOneOfEachKind(t *testing.T) {
	sessionbustest.Start(t)
	server := startServer(t, "actions")
	n := &Notifier{}
	start(t, n)
	n.Show(t.Context(), RequestWaits)
	first := server.last()
	n.Show(t.Context(), RequestWaits)
	if second := server.last(); second.Replaces != first.ID {
		t.Errorf("the second replaces %d, want %d", second.Replaces, first.ID)
	}
	n.Withdraw(t.Context(), SignInAgain) // which is not shown
	n.Withdraw(t.Context(), RequestWaits)
	server.mu.Lock()
	defer server.mu.Unlock()
	if !slices.Equal(server.closed, []uint32{first.ID}) {
		t.Errorf("taken back: %v, want %d", server.closed, first.ID)
	}
}

// TestNoButtonsWhereTheyAreDialogs: a server without actions would open a dialog for them.
func TestNoButtonsWhereTheyAreDialogs(t *testing.T) {
	sessionbustest.Start(t)
	server := startServer(t, "body")
	n := &Notifier{}
	start(t, n)
	n.Show(t.Context(), RequestWaits)
	if got := server.last(); len(got.Actions) != 0 {
		t.Errorf("actions %q", got.Actions)
	}
}

// TestNobodyShows: where there is no notification server, or no bus, the shell's own way is taken.
func TestNobodyShows(t *testing.T) {
	var sent []string
	n := &Notifier{Words: words, Send: func(title, body string) { sent = append(sent, title+": "+body) }}
	want := []string{"title of tunnel: body of tunnel"}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	n.Start(t.Context())
	n.Show(t.Context(), TunnelFailed)
	n.Withdraw(t.Context(), TunnelFailed)
	if !slices.Equal(sent, want) {
		t.Errorf("without a bus: %q", sent)
	}
	sent = nil
	sessionbustest.Start(t)
	n.Start(t.Context())
	defer n.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n.Show(ctx, TunnelFailed)
	if !slices.Equal(sent, want) {
		t.Errorf("without a server: %q", sent)
	}
}
