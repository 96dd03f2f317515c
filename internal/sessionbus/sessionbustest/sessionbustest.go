//go:build linux

// Package sessionbustest gives a test a D-Bus session of its own.
package sessionbustest

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Start starts a session bus and makes it this process's until the test ends. Without dbus-daemon it skips the test, and
// fails it on CI.
func Start(t testing.TB) {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("POSTERN_TEST_REQUIRE_PARTS") != "" {
			t.Fatal("dbus-daemon is missing; scripts/setup installs it")
		}
		t.Skip("dbus-daemon is not installed; scripts/setup installs it")
	}
	bus := exec.Command(daemon, "--session", "--nofork", "--print-address=1")
	bus.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also if a test panics
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Process.Kill(); _ = bus.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("reading the address of the session bus: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}
