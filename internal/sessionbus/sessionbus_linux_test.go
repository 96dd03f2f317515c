package sessionbus

import (
	"fmt"
	"os"
	"testing"

	"github.com/godbus/dbus/v5"

	"postern/internal/sessionbus/sessionbustest"
)

func TestTrayHost(t *testing.T) {
	sessionbustest.Start(t)
	if TrayHost(t.Context()) {
		t.Error("a bare bus has a tray")
	}
	conn, err := Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	if !TrayHost(t.Context()) {
		t.Error("there is a watcher, but no tray")
	}
}

func TestNoBus(t *testing.T) {
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err == nil {
		t.Skip("this user has a session bus at the usual place")
	}
	for _, address := range []string{"", "autolaunch:", "disabled:", "unix:path=/nowhere/bus"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		if conn, err := Dial(); err == nil {
			conn.Close()
			t.Errorf("%q leads to a bus", address)
		}
		if TrayHost(t.Context()) {
			t.Errorf("%q has a tray", address)
		}
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if err := Settle(); err != nil || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "disabled:" {
		t.Errorf("a library would start a bus of its own: %q, %v", os.Getenv("DBUS_SESSION_BUS_ADDRESS"), err)
	}
}
