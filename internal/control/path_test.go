package control

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// short returns a directory whose path is short enough for a socket, whatever the test is called.
func short(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runtimeEnv is an environment with that runtime directory.
func runtimeEnv(dir string) func(string) string {
	return func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return dir
		}
		return ""
	}
}

func TestPathIsInTheRuntimeDirectory(t *testing.T) {
	unixOnly(t)
	run := short(t, 0o700)
	path := Path("/home/me/.config/postern", runtimeEnv(run))
	if dir := filepath.Dir(path); dir != filepath.Join(run, "postern") {
		t.Errorf("it is in %s", dir)
	}
	if path == Path("/home/me/.config/other", runtimeEnv(run)) {
		t.Error("two state directories have one socket")
	}
	if path != Path("/home/me/.config/x/../postern/", runtimeEnv(run)) {
		t.Error("one state directory has two sockets")
	}
}

func TestPathIsInTheStateDirectoryWithoutARuntimeDirectory(t *testing.T) {
	unixOnly(t)
	file := filepath.Join(short(t, 0o700), "file")
	if err := os.WriteFile(file, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	state := short(t, 0o700)
	for name, run := range map[string]string{
		"none":           "",
		"missing":        filepath.Join(state, "missing"),
		"open to others": short(t, 0o755),
		"not writable":   short(t, 0o500),
		"a file":         file,
		"relative":       ".",
		"too long":       deep(t, short(t, 0o700)),
	} {
		if got, want := Path(state, runtimeEnv(run)), filepath.Join(state, "control.sock"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestPathIsNeverTooLong(t *testing.T) {
	unixOnly(t)
	tmp := short(t, 0o700)
	t.Setenv("TMPDIR", tmp)
	// Exactly at the edge, and one over it.
	fitting := "/" + strings.Repeat("d", maxPath-len("//control.sock"))
	if got, want := Path(fitting, noEnv), fitting+"/control.sock"; got != want || len(got) != maxPath {
		t.Errorf("%s, want %s", got, want)
	}
	path := Path(fitting+"d", noEnv)
	if !strings.HasPrefix(path, tmp+"/postern-") || len(path) > maxPath {
		t.Errorf("it is %s", path)
	}
}

func TestALongStateDirectoryWorks(t *testing.T) {
	unixOnly(t)
	tmp := short(t, 0o700)
	t.Setenv("TMPDIR", tmp)
	dir := deep(t, short(t, 0o700))
	l := serve(t, dir, noEnv, peerHandler)
	if !strings.HasPrefix(l.Path, tmp) {
		t.Errorf("it listens at %s", l.Path)
	}
	if info, err := os.Lstat(filepath.Dir(l.Path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its directory: %v, %v", info.Mode(), err)
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); err != nil {
		t.Error(err)
	}
	t.Setenv("TMPDIR", deep(t, tmp))
	if _, err := Listen(filepath.Join(dir, "other"), noEnv, Info{}); err == nil || !strings.Contains(err.Error(), "POSTERN_HOME") {
		t.Errorf("with nowhere short enough: %v", err)
	}
}

func TestListenRefusesADirectoryThatOthersCanChange(t *testing.T) {
	unixOnly(t)
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, state, tmp string) error // state does not exist yet
		want  string
	}{
		{"the state directory is open to others", func(t *testing.T, state, tmp string) error {
			return os.Mkdir(state, 0o755)
		}, "open to others"},
		{"the state directory belongs to another user", func(t *testing.T, state, tmp string) error {
			asRoot(t)
			if err := os.Mkdir(state, 0o700); err != nil {
				return err
			}
			return os.Chown(state, stranger, stranger)
		}, "belongs to another user"},
		{"the state directory is a file", func(t *testing.T, state, tmp string) error {
			return os.WriteFile(state, nil, 0o600)
		}, "not a directory"},
		{"the temporary directory is open to others", func(t *testing.T, state, tmp string) error {
			dir := filepath.Join(tmp, tempName())
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chmod(dir, 0o777)
		}, "open to others"},
		{"the temporary directory is a symbolic link", func(t *testing.T, state, tmp string) error {
			return os.Symlink(short(t, 0o700), filepath.Join(tmp, tempName()))
		}, "not a directory"},
		{"the temporary directory belongs to another user", func(t *testing.T, state, tmp string) error {
			asRoot(t)
			if err := os.Mkdir(filepath.Join(tmp, tempName()), 0o700); err != nil {
				return err
			}
			return os.Chown(filepath.Join(tmp, tempName()), stranger, stranger)
		}, "belongs to another user"},
		{"a file is in the way", func(t *testing.T, state, tmp string) error {
			if err := os.Mkdir(filepath.Join(tmp, tempName()), 0o700); err != nil {
				return err
			}
			return os.WriteFile(Path(state, noEnv), nil, 0o600)
		}, "is in the way"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmp, base := short(t, 0o700), deep(t, short(t, 0o700))
			t.Setenv("TMPDIR", tmp)
			state := filepath.Join(base, "state")
			if err := c.spoil(t, state, tmp); err != nil {
				t.Fatal(err)
			}
			l, err := Listen(state, noEnv, Info{})
			if err == nil {
				l.Close()
				t.Fatal("it listens")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(filepath.Join(state, infoName)); err == nil {
				t.Error("it says that it runs")
			}
		})
	}
}

// deep makes a private directory whose path is too long for a socket.
func deep(t *testing.T, dir string) string {
	t.Helper()
	dir = filepath.Join(dir, strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unixOnly skips what is of modes and owners, which Windows has not.
func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes: access lists of the user's own directories stand in")
	}
}

// stranger is another user's id: that of nobody.
const stranger = 65534

// asRoot skips what needs a second user where there is none to be.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
}
