package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"filippo.io/age"
)

// cheap is the work factor of tests.
const cheap = 4

func newFile(t *testing.T, path, pass string) *File {
	t.Helper()
	return &File{Path: path, WorkFactor: cheap, Passphrase: func(bool) (string, error) { return pass, nil }}
}

func mustSet(t *testing.T, v Vault, key, value string) {
	t.Helper()
	if err := v.Set(t.Context(), key, []byte(value)); err != nil {
		t.Fatalf("Set(%q): %v", key, err)
	}
}

func wantValue(t *testing.T, v Vault, key, want string) {
	t.Helper()
	got, err := v.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("Get(%q) = %q, %v; want %q", key, got, err, want)
	}
}

func TestFileKeepsSecretsAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", FileName)
	f := newFile(t, path, "open sesame")
	if _, err := f.Get(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get in a new vault: %v, want ErrNotFound", err)
	}
	mustSet(t, f, "a", "plain words")
	mustSet(t, f, "b", "other words")
	again := newFile(t, path, "open sesame")
	wantValue(t, again, "a", "plain words")
	if err := again.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := again.Delete(t.Context(), "never there"); err != nil {
		t.Errorf("Delete of a key that is not there: %v", err)
	}
	if _, err := f.Get(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get after another process deleted it: %v, want ErrNotFound", err)
	}
	wantValue(t, f, "b", "other words")
}

func TestFileIsPrivateAndEncrypted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", FileName)
	mustSet(t, newFile(t, path, "open sesame"), "key-name", "plain words")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"plain words", "key-name", "open sesame", "AGE-SECRET-KEY"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]os.FileMode{path: 0o600, path + ".lock": 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", filepath.Base(name), info.Mode().Perm(), err, want)
		}
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestFileAsksForThePassphraseOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	var asked []bool
	ask := func(create bool) (string, error) { asked = append(asked, create); return "open sesame", nil }
	f := &File{Path: path, WorkFactor: cheap, Passphrase: ask}
	for i := range 5 {
		mustSet(t, f, fmt.Sprint(i), "v")
	}
	if len(asked) != 1 || !asked[0] {
		t.Errorf("the maker of the file was asked %v, want [true]", asked)
	}
	asked = nil
	f = &File{Path: path, WorkFactor: cheap, Passphrase: ask}
	for i := range 5 {
		wantValue(t, f, fmt.Sprint(i), "v")
	}
	mustSet(t, f, "more", "v")
	if len(asked) != 1 || asked[0] {
		t.Errorf("a later process was asked %v, want [false]", asked)
	}
}

func TestFileRefusesAWrongPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	mustSet(t, newFile(t, path, "open sesame"), "a", "v")
	before, _ := os.ReadFile(path)
	wrong := newFile(t, path, "open barley")
	if _, err := wrong.Get(t.Context(), "a"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("Get: %v, want ErrPassphrase", err)
	}
	if err := wrong.Set(t.Context(), "a", []byte("w")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("Set: %v, want ErrPassphrase", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestFileToldFromADamagedOne(t *testing.T) {
	flip := func(b []byte) []byte { c := bytes.Clone(b); c[len(c)-1] ^= 1; return c }
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	forged, err := encrypt([]byte(`{"a":"Zm9yZ2Vk"}`), other.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(b []byte, s sealed) any
		want   error
	}{
		"cut short":         {func(b []byte, _ sealed) any { return b[:len(b)/2] }, ErrDamaged},
		"empty":             {func([]byte, sealed) any { return []byte{} }, ErrDamaged},
		"something else":    {func([]byte, sealed) any { return []byte("hello") }, ErrDamaged},
		"a bit of secrets":  {func(_ []byte, s sealed) any { s.Secrets = flip(s.Secrets); return s }, ErrTampered},
		"forged secrets":    {func(_ []byte, s sealed) any { s.Secrets = forged; return s }, ErrTampered},
		"secrets cut":       {func(_ []byte, s sealed) any { s.Secrets = s.Secrets[:40]; return s }, ErrTampered},
		"identity replaced": {func(_ []byte, s sealed) any { s.Identity = flip(s.Identity); return s }, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), FileName)
			mustSet(t, newFile(t, path, "open sesame"), "a", "v")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var s sealed
			if err := json.Unmarshal(b, &s); err != nil {
				t.Fatal(err)
			}
			out, raw := c.change(b, s).([]byte)
			if !raw {
				if out, err = json.Marshal(c.change(b, s)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(path, out, 0o600); err != nil {
				t.Fatal(err)
			}
			f := newFile(t, path, "open sesame")
			if _, err := f.Get(t.Context(), "a"); !errors.Is(err, c.want) {
				t.Errorf("Get: %v, want %v", err, c.want)
			}
			if err := f.Set(t.Context(), "a", []byte("w")); !errors.Is(err, c.want) {
				t.Errorf("Set: %v, want %v", err, c.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(out, after) {
				t.Error("the damaged file was written over")
			}
		})
	}
}

func TestFileTakesWritesOfManyProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	const writers, each = 4, 5
	var wg sync.WaitGroup
	for w := range writers {
		f := newFile(t, path, "open sesame") // its own locks, as of another process
		wg.Go(func() {
			for i := range each {
				if err := f.Set(context.WithoutCancel(t.Context()), fmt.Sprint(w, "/", i), []byte("v")); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	f := newFile(t, path, "open sesame")
	for w := range writers {
		for i := range each {
			wantValue(t, f, fmt.Sprint(w, "/", i), "v")
		}
	}
}

func TestFileIsNotLockedWhileThePassphraseIsAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	mustSet(t, newFile(t, path, "open sesame"), "a", "v")
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := &File{Path: path, WorkFactor: cheap, Passphrase: func(bool) (string, error) { close(asked); <-answer; return "open sesame", nil }}
	done := make(chan error, 1)
	go func() { done <- slow.Set(context.WithoutCancel(t.Context()), "slow", []byte("v")) }()
	<-asked
	mustSet(t, newFile(t, path, "open sesame"), "quick", "v")
	close(answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f := newFile(t, path, "open sesame")
	wantValue(t, f, "slow", "v")
	wantValue(t, f, "quick", "v")
}

func TestFileRefusesWhatAKeychainWould(t *testing.T) {
	f := newFile(t, filepath.Join(t.TempDir(), FileName), "open sesame")
	if err := f.Set(t.Context(), "a", make([]byte, MaxValue+1)); err == nil {
		t.Error("a value over MaxValue was taken")
	}
	mustSet(t, f, "a", string(make([]byte, MaxValue)))
}
