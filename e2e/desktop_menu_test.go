//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// trayHost is a host of tray icons on a session bus: it lets the app know that there is one, and reads its menu.
type trayHost struct{ conn *dbus.Conn }

// RegisterStatusNotifierItem is called by apps that have an icon.
func (*trayHost) RegisterStatusNotifierItem(string) *dbus.Error { return nil }

const watcher = "org.kde.StatusNotifierWatcher"

func startTrayHost(t *testing.T, bus string) *trayHost {
	t.Helper()
	conn, err := dbus.Connect(bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	h := &trayHost{conn}
	if err := conn.Export(h, "/StatusNotifierWatcher", watcher); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the tray's host: %v, %v", reply, err)
	}
	return h
}

// item is an entry of a menu as com.canonical.dbusmenu has it.
type item struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

func (h *trayHost) menuOf(pid int) dbus.BusObject {
	return h.conn.Object(fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", pid), "/StatusNotifierItem/menu")
}

// menu returns the entries of the app's menu by label.
func (h *trayHost) menu(pid int) (map[string]item, error) {
	var revision uint32
	var root item
	if err := h.menuOf(pid).Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		return nil, err
	}
	all := map[string]item{}
	return all, collect(root, all)
}

func collect(i item, all map[string]item) error {
	if label, ok := i.Properties["label"].Value().(string); ok && label != "" {
		all[strings.ReplaceAll(label, "__", "_")] = i
	}
	for _, v := range i.Children {
		var child item
		if err := dbus.Store([]any{v.Value()}, &child); err != nil {
			return err
		}
		if err := collect(child, all); err != nil {
			return err
		}
	}
	return nil
}

// still is how long a menu must have been the same: the library that draws it loses clicks while it does.
const still = 300 * time.Millisecond

// choose clicks an entry. Ids change whenever the menu is drawn anew, so that it is looked up just before.
func (h *trayHost) choose(pid int, label string) error {
	before, err := h.menu(pid)
	if err != nil {
		return err
	}
	time.Sleep(still)
	menu, err := h.menu(pid)
	if err != nil {
		return err
	}
	i, ok := menu[label]
	if !ok {
		return errors.New("the menu has no " + label)
	}
	if before[label].ID != i.ID {
		return errors.New("the menu is being drawn")
	}
	return h.menuOf(pid).Call("com.canonical.dbusmenu.Event", 0, i.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err
}
