package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func getenv(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestOpenTakesTheFileThatWasChosen(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"POSTERN_VAULT": "file", "POSTERN_VAULT_PASSPHRASE": "open sesame"}
	v, err := Open(t.Context(), Config{Dir: dir, Getenv: getenv(env)})
	if err != nil {
		t.Fatal(err)
	}
	v.(*File).WorkFactor = cheap
	mustSet(t, v, "a", "v")
	delete(env, "POSTERN_VAULT") // the file itself remembers the choice
	v, err = Open(t.Context(), Config{Dir: dir, Getenv: getenv(env)})
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, v, "a", "v")
}

func TestOpenTakesThePassphraseOfAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(path, []byte("open sesame\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"POSTERN_VAULT": "file", "POSTERN_VAULT_PASSPHRASE_FILE": path}
	v, err := Open(t.Context(), Config{Dir: dir, Getenv: getenv(env)})
	if err != nil {
		t.Fatal(err)
	}
	v.(*File).WorkFactor = cheap
	mustSet(t, v, "a", "v")
	wantValue(t, newFile(t, filepath.Join(dir, FileName), "open sesame"), "a", "v")
}

func TestOpenRefusesAnUnknownChoice(t *testing.T) {
	_, err := Open(t.Context(), Config{Dir: t.TempDir(), Getenv: getenv(map[string]string{"POSTERN_VAULT": "plain"})})
	if err == nil || !strings.Contains(err.Error(), `"plain"`) {
		t.Errorf("Open: %v", err)
	}
}

func TestAFileWithoutItsPassphraseSaysHowToGiveIt(t *testing.T) {
	v, err := Open(t.Context(), Config{Dir: t.TempDir(), Getenv: getenv(map[string]string{"POSTERN_VAULT": "file"})})
	if err != nil {
		t.Fatal(err)
	}
	err = v.Set(t.Context(), "a", []byte("v"))
	if err == nil || !strings.Contains(err.Error(), "POSTERN_VAULT_PASSPHRASE") {
		t.Errorf("Set: %v", err)
	}
}

func TestOpenWithoutAKeychainNamesTheChoice(t *testing.T) {
	noBus(t)
	_, err := Open(t.Context(), Config{Dir: t.TempDir(), Service: "postern", Getenv: getenv(nil)})
	if !errors.Is(err, ErrNoKeychain) || !strings.Contains(err.Error(), "POSTERN_VAULT=file") {
		t.Errorf("Open: %v", err)
	}
}
