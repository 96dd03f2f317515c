package sessionbus

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// watcher is who knows the tray's icons.
const watcher = "org.kde.StatusNotifierWatcher"

func trayHost(ctx context.Context) bool {
	conn, err := Dial()
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&has)
	return err == nil && has
}

// Dial opens a connection of its own to the session bus. Where there is none it says so, while godbus would start
// dbus-launch, which leaves a bus behind that nobody listens to.
func Dial() (*dbus.Conn, error) {
	if !there() {
		return nil, errors.New("there is no D-Bus session here")
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("connecting to the session bus: %w", err)
	}
	return conn, nil
}

func there() bool {
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return true
	}
	_, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid()))
	return err == nil
}

// Settle sees to it that libraries of this process start no bus where there is none, see Dial. Call it first in main.
func Settle() error {
	if there() {
		return nil
	}
	return os.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
}
