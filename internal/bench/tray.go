package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// trayHost is a host of tray icons: apps register theirs with it.
type trayHost struct {
	conn  *dbus.Conn
	items chan dbus.Sender // those that have registered
}

const watcher = "org.kde.StatusNotifierWatcher"

func newTrayHost(bus string) (*trayHost, error) {
	conn, err := dbus.Connect(bus)
	if err != nil {
		return nil, err
	}
	h := &trayHost{conn: conn, items: make(chan dbus.Sender, 16)}
	err = conn.ExportMethodTable(map[string]any{"RegisterStatusNotifierItem": h.register}, "/StatusNotifierWatcher", watcher)
	if err != nil {
		return nil, err
	}
	if reply, err := conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		return nil, errors.Join(err, errors.New("the name of the tray's host is taken"))
	}
	return h, nil
}

func (h *trayHost) register(_ string, sender dbus.Sender) *dbus.Error {
	h.items <- sender
	return nil
}

// registered waits until an app has an icon and a menu that a host can show.
func (h *trayHost) registered(limit time.Duration) error {
	late := time.After(limit)
	var item dbus.Sender
	select {
	case item = <-h.items:
	case <-late:
		return fmt.Errorf("no icon in the tray after %v", limit)
	}
	for {
		err := h.readable(string(item))
		if err == nil {
			return nil
		}
		select {
		case <-time.After(2 * time.Millisecond): // it is built just then
		case <-late:
			return fmt.Errorf("the icon and its menu cannot be read after %v: %w", limit, err)
		}
	}
}

// readable says why the icon or the menu of an app cannot be shown.
func (h *trayHost) readable(item string) error {
	icon, err := h.conn.Object(item, "/StatusNotifierItem").GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		return err
	}
	var pictures []struct {
		Width, Height int32
		Pixels        []byte
	}
	if err := icon.Store(&pictures); err != nil {
		return err
	}
	if len(pictures) == 0 || len(pictures[0].Pixels) == 0 {
		return errors.New("it has no picture")
	}
	var revision uint32
	var root struct {
		ID         int32
		Properties map[string]dbus.Variant
		Children   []dbus.Variant
	}
	menu := h.conn.Object(item, "/StatusNotifierItem/menu")
	if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		return err
	}
	for _, child := range root.Children { // the last entry quits, so that the menu is whole
		if fields, ok := child.Value().([]any); ok && len(fields) > 1 {
			properties, _ := fields[1].(map[string]dbus.Variant)
			if label, _ := properties["label"].Value().(string); strings.HasPrefix(label, "Quit") {
				return nil
			}
		}
	}
	return errors.New("its menu is not whole")
}
