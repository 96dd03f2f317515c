package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/png" // what icons are
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"

	"postern/internal/sessionbus"
)

// See https://specifications.freedesktop.org/notification-spec.
const (
	service = "org.freedesktop.Notifications"
	object  = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// freedesktop is a notification server on the session bus.
type freedesktop struct {
	conn   *dbus.Conn
	opened func(Kind)
	icon   any           // the image-data of the specification; nil for none
	done   chan struct{} // closed when the last signal was handled

	mu    sync.Mutex // guards the field below
	shown map[uint32]Kind
}

func dial(ctx context.Context, icon []byte, opened func(Kind)) (desktop, error) {
	conn, err := sessionbus.Dial()
	if err != nil {
		return nil, err
	}
	f := &freedesktop{conn: conn, opened: opened, done: make(chan struct{}), shown: map[uint32]Kind{}}
	if len(icon) > 0 {
		if f.icon, err = imageData(icon); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(service), dbus.WithMatchObjectPath(object), dbus.WithMatchSender(service))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("asking for the signals of notifications: %w", err), conn.Close())
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals) // which is closed with the connection
	go f.listen(signals)
	return f, nil
}

// listen handles what the owner does with notifications.
func (f *freedesktop) listen(signals <-chan *dbus.Signal) {
	defer close(f.done)
	for s := range signals {
		var id uint32
		if len(s.Body) == 0 || s.Path != object {
			continue
		}
		id, _ = s.Body[0].(uint32)
		f.mu.Lock()
		k, ours := f.shown[id]
		if s.Name == service+".NotificationClosed" {
			delete(f.shown, id)
		}
		f.mu.Unlock()
		// Both of our actions open Postern: the button and the notification itself.
		if ours && s.Name == service+".ActionInvoked" {
			f.opened(k)
		}
	}
}

func (f *freedesktop) show(ctx context.Context, k Kind, w Words) error {
	server := f.conn.Object(service, object)
	var can []string
	if err := server.CallWithContext(ctx, service+".GetCapabilities", 0).Store(&can); err != nil {
		return fmt.Errorf("asking what notifications can do: %w", err)
	}
	actions := []string{}
	if slices.Contains(can, "actions") { // others show a dialog instead
		actions = []string{"default", w.Action, "review", w.Action}
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1)), "desktop-entry": dbus.MakeVariant("postern")}
	if f.icon != nil {
		hints["image-data"] = dbus.MakeVariant(f.icon)
	}
	var id uint32
	// The timeout is the server's choice.
	err := server.CallWithContext(ctx, service+".Notify", 0, "Postern", f.idOf(k), "", w.Title, w.Body, actions, hints, int32(-1)).Store(&id)
	if err != nil {
		return fmt.Errorf("notifying: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for old, its := range f.shown {
		if its == k {
			delete(f.shown, old)
		}
	}
	f.shown[id] = k
	return nil
}

func (f *freedesktop) withdraw(ctx context.Context, k Kind) error {
	id := f.idOf(k)
	if id == 0 {
		return nil
	}
	return f.conn.Object(service, object).CallWithContext(ctx, service+".CloseNotification", 0, id).Err
}

// idOf returns the id under which a kind is shown, 0 if it is not.
func (f *freedesktop) idOf(k Kind) uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, its := range f.shown {
		if its == k {
			return id
		}
	}
	return 0
}

func (f *freedesktop) close() error {
	err := f.conn.Close()
	<-f.done
	return err
}

// imageData is a picture as the hint image-data wants it, (iiibiiay).
func imageData(icon []byte) (any, error) {
	img, _, err := image.Decode(bytes.NewReader(icon))
	if err != nil {
		return nil, fmt.Errorf("reading the icon of notifications: %w", err)
	}
	rgba := image.NewNRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Bounds(), img, img.Bounds().Min, draw.Src)
	size := rgba.Bounds().Size()
	return struct {
		Width, Height, Stride int32
		Alpha                 bool
		Bits, Channels        int32
		Data                  []byte
	}{int32(size.X), int32(size.Y), int32(rgba.Stride), true, 8, 4, rgba.Pix}, nil
}
