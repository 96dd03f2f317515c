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

// tray reads the menu of an app's icon, as a host of tray icons does.
type tray struct{ conn *dbus.Conn }

const watcher = "org.kde.StatusNotifierWatcher"

func dialTray(t *testing.T, bus string) *tray {
	t.Helper()
	conn, err := dbus.Connect(bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &tray{conn}
}

// host makes it the host of the desktop's tray icons, which the app looks for.
func (h *tray) host(t *testing.T) {
	t.Helper()
	if err := h.conn.Export(h, "/StatusNotifierWatcher", watcher); err != nil {
		t.Fatal(err)
	}
	if reply, err := h.conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the tray's host: %v, %v", reply, err)
	}
}

// RegisterStatusNotifierItem is called by apps that have an icon.
func (*tray) RegisterStatusNotifierItem(string) *dbus.Error { return nil }

// there reports whether the desktop has a tray.
func (h *tray) there() bool {
	_, err := h.owner(watcher)
	return err == nil
}

// owner is the connection that has a name.
func (h *tray) owner(name string) (connection string, err error) {
	return connection, h.conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, name).Store(&connection)
}

// icons are those that the tray of the desktop shows.
func (h *tray) icons() (all []string, err error) {
	v, err := h.conn.Object(watcher, "/StatusNotifierWatcher").GetProperty(watcher + ".RegisteredStatusNotifierItems")
	if err != nil {
		return nil, err
	}
	return all, v.Store(&all)
}

// item is an entry of a menu as com.canonical.dbusmenu has it.
type item struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

func (h *tray) menuOf(pid int) dbus.BusObject {
	return h.conn.Object(fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", pid), "/StatusNotifierItem/menu")
}

// menu returns the entries of the app's menu by label.
func (h *tray) menu(pid int) (map[string]item, error) {
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
func (h *tray) choose(pid int, label string) error {
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
