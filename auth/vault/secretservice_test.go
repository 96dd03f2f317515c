package vault

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// inSession is set for the tests that run again within a session of their own.
const inSession = "POSTERN_TEST_SECRET_SERVICE"

// session runs a test of this package again, over a private D-Bus with the shell script run before it.
func session(t *testing.T, test, script string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the Secret Service is Linux's")
	}
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" || os.Getenv("POSTERN_TEST_REQUIRE_PARTS") != "" {
				t.Fatalf("%s is missing", program)
			}
			t.Skipf("%s is not installed: the keychain was not tried for real", program)
		}
	}
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c", script+"\nexec \"$0\" \"$@\"", os.Args[0], "-test.run=^"+test+"$", "-test.v")
	home := t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, inSession + "=1"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+test) {
		t.Fatalf("%v\n%s", err, out)
	}
}

const unlocked = `printf 'ci\n' | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null`

func TestSecretService(t *testing.T) { session(t, "TestWithinSecretService", unlocked) }

func TestWithinSecretService(t *testing.T) {
	if os.Getenv(inSession) == "" {
		t.Skip("runs within TestSecretService")
	}
	dir := t.TempDir()
	v, err := Open(t.Context(), Config{Dir: dir, Service: "postern-a", Getenv: getenv(nil)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), Config{Dir: t.TempDir(), Service: "postern-b", Getenv: getenv(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := v.(*Keychain); !ok {
		t.Fatalf("Open chose the %s", v.Kind())
	}
	value := strings.Repeat("ä\x00\n", MaxValue/4)
	mustSet(t, v, "profile:1", value)
	wantValue(t, v, "profile:1", value)
	if _, err := other.Get(t.Context(), "profile:1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of another service: %v, want ErrNotFound", err)
	}
	mustSet(t, v, "profile:1", "shorter")
	wantValue(t, v, "profile:1", "shorter")

	lockAll(t)
	v.(*Keychain).Limit = 3 * time.Second
	start := time.Now()
	if _, err := v.Get(t.Context(), "profile:1"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("Get from a locked keychain: %v", err)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("a locked keychain took %v", d)
	}
	if _, err := Open(t.Context(), Config{Dir: dir, Service: "postern-a", Getenv: getenv(nil)}); !errors.Is(err, ErrNoKeychain) || !strings.Contains(err.Error(), "POSTERN_VAULT=file") {
		t.Errorf("Open with a locked keychain: %v", err)
	}
}

// lockAll locks the login collection, as the screen lock of some desktops does.
func lockAll(t *testing.T) {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}).Store(&locked, &prompt)
	if err != nil || len(locked) != 1 {
		t.Fatalf("locking: %v, %v", locked, err)
	}
}

func TestSessionWithoutSecretService(t *testing.T) {
	session(t, "TestWithinBareSession", "")
}

func TestWithinBareSession(t *testing.T) {
	if os.Getenv(inSession) == "" {
		t.Skip("runs within TestSessionWithoutSecretService")
	}
	v, err := Open(t.Context(), Config{Dir: t.TempDir(), Service: "postern-b", Getenv: getenv(nil)})
	if err == nil { // D-Bus may start one by itself: then nobody has made a collection
		err = v.Set(t.Context(), "a", []byte("v"))
		t.Logf("Open gave the %s", v.Kind())
	}
	if !errors.Is(err, ErrNoKeychain) || !strings.Contains(err.Error(), "POSTERN_VAULT=file") {
		t.Errorf("Open: %v", err)
	}
}
