//go:build e2e

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startKeyring starts a session bus of its own with a real, unlocked GNOME Keyring on it and returns the environment
// that leads there.
func startKeyring(t *testing.T) []string {
	t.Helper()
	daemon, keyring := needs(t, "dbus-daemon"), needs(t, "gnome-keyring-daemon")
	home := t.TempDir()
	runtime := filepath.Join(home, "run")
	if err := os.Mkdir(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + runtime, "XDG_DATA_HOME=" + filepath.Join(home, "data")}

	bus := exec.Command(daemon, "--session", "--nofork", "--print-address=1")
	bus.Env = append(os.Environ(), env...)
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
	env = append(env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))

	ring := exec.Command(keyring, "--foreground", "--unlock", "--components=secrets")
	ring.Env = append(os.Environ(), env...)
	ring.Stdin = strings.NewReader("the password of a test\n")
	ring.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := ring.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ring.Process.Kill(); _ = ring.Wait() })
	return env
}
