package bridge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/auth/vault"
	"postern/internal/desk"
)

const clientJSON = `{"installed":{"client_id":"1.apps.googleusercontent.com","client_secret":"not-so-secret","redirect_uris":["http://localhost"]}}`

// shelf is a vault in memory, for tests that are not about the vault: to open a file takes a second, and ten with the race
// detector.
type shelf struct {
	mu    sync.Mutex // guards the field below
	items map[string][]byte
}

// put makes it the vault of bridges, as if they were processes of one owner.
func (s *shelf) put(all ...*Bridge) {
	for _, b := range all {
		b.mu.Lock()
		b.vault = s
		b.mu.Unlock()
	}
}

func (s *shelf) Kind() string { return "shelf" }

func (s *shelf) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.items[key]; ok {
		return value, nil
	}
	return nil, vault.ErrNotFound
}

func (s *shelf) Set(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items == nil {
		s.items = map[string][]byte{}
	}
	s.items[key] = value
	return nil
}

func (s *shelf) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, key)
	return nil
}

// TestALockedVaultHoldsNobodyUp: the look gives up, windows are drawn meanwhile, and what the vault says later counts.
func TestALockedVaultHoldsNobodyUp(t *testing.T) {
	asked, unlock := make(chan struct{}, 1), make(chan struct{})
	b := openAt(t, Config{Dir: withClient(t), Getenv: env(map[string]string{"POSTERN_VAULT": "file"}), Ask: func(bool) (string, error) {
		asked <- struct{}{}
		<-unlock
		return "not a secret", nil
	}})
	if got := snap(t, b); got.Vault.Kind != "" || got.Vault.Trouble != "" {
		t.Errorf("before the first look: %+v", got.Vault)
	}
	looked := make(chan struct{})
	go func() { defer close(looked); b.lookAtVault(t.Context(), 50*time.Millisecond) }()
	waitFor(t, asked, "the vault's question")
	waitFor(t, looked, "the end of the look")
	if got := snap(t, b); got.Vault != (desk.Vault{Asked: true}) {
		t.Errorf("while the owner is asked: %+v", got.Vault)
	}
	close(unlock)
	within(t, "the vault's answer", func() bool {
		got := snap(t, b).Vault
		if got.Trouble != "" {
			t.Fatalf("while it is unlocked: %+v", got)
		}
		return got.Kind != ""
	})
	if got := snap(t, b); got.Vault.Kind == "" || got.Vault.Trouble != "" || got.GoogleClient == "" {
		t.Errorf("unlocked: %+v, %q", got.Vault, got.GoogleClient)
	}
}

func TestAVaultThatCannotBeOpened(t *testing.T) {
	b := openAt(t, Config{Dir: withClient(t), Getenv: noVault})
	b.LookAtVault(t.Context())
	if got := snap(t, b); got.Vault.Trouble == "" || got.GoogleClient != "" {
		t.Errorf("%+v, %q", got.Vault, got.GoogleClient)
	}
}

// TestTheVaultsTroubleIsSaidOnce: that clients are not served follows from it.
func TestTheVaultsTroubleIsSaidOnce(t *testing.T) {
	asked := 0
	b := openAt(t, Config{Getenv: noVault, Ask: func(bool) (string, error) { asked++; return "", errors.New("nobody gave the passphrase") }})
	err := b.Serve(t.Context(), Addresses{Local: "127.0.0.1:0"}, "1", func(string, string) { t.Error("it serves without its vault") })
	if err == nil || asked != 1 {
		t.Fatalf("asked %d times, %v", asked, err)
	}
	for _, when := range []string{"before a look", "after one"} {
		got := snap(t, b)
		if got.Trouble != "" || !strings.Contains(got.Vault.Trouble, "nobody gave") || !got.Vault.Refused || got.Vault.Asked || got.Serving {
			t.Errorf("%s: %q, %+v", when, got.Trouble, got.Vault)
		}
		b.LookAtVault(t.Context())
	}
}

// TestAnEncryptedFileIsChosen by the owner where there is no keychain, and is remembered.
func TestAnEncryptedFileIsChosen(t *testing.T) {
	if testing.Short() {
		t.Skip("a file as a vault takes its time")
	}
	dir := t.TempDir()
	given := ""
	c := Config{Dir: dir, Getenv: env(nil), Ask: func(bool) (string, error) {
		if given == "" {
			return "", errors.New("nobody gave the passphrase")
		}
		return given, nil
	}}
	b := openAt(t, c)
	b.looked.keep(b.looked.begin(), desk.Vault{None: true, Trouble: "there is no keychain here"}, "")
	if err := b.UseEncryptedFile(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody gave") {
		t.Errorf("without a passphrase: %v", err)
	}
	if got := snap(t, b).Vault; !got.None || got.Refused || got.Asked { // there is none that could be locked
		t.Errorf("without a passphrase: %+v", got)
	}
	given = "not a secret"
	if err := b.UseEncryptedFile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := snap(t, b); got.Vault != (desk.Vault{Kind: "encrypted file"}) {
		t.Errorf("%+v", got.Vault)
	}
	if err := b.UseEncryptedFile(t.Context()); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second time: %v", err)
	}
	if err := openAt(t, c).UseEncryptedFile(t.Context()); err == nil || !strings.Contains(err.Error(), "one already") {
		t.Errorf("by another process: %v", err)
	}
	v, err := openAt(t, c).Vault(t.Context())
	if err != nil || v.Kind() != "encrypted file" {
		t.Errorf("the next start takes %v, %v", v, err)
	}
}

// withClient is a state directory whose vault holds an OAuth client, and so wants its passphrase.
func withClient(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a file as a vault takes its time")
	}
	b := openAt(t, Config{Getenv: env(map[string]string{"POSTERN_VAULT": "file", "POSTERN_VAULT_PASSPHRASE": "not a secret"})})
	if _, _, err := b.ImportGoogleClient(t.Context(), []byte(clientJSON)); err != nil {
		t.Fatal(err)
	}
	return b.Dir
}

// TestTheLaterLookCounts, whichever ends first.
func TestTheLaterLookCounts(t *testing.T) {
	var l lookedAt
	first, second := l.begin(), l.begin()
	l.keep(second, desk.Vault{Kind: "new"}, "2")
	l.keep(first, desk.Vault{Kind: "old"}, "1")
	l.waits(first)
	if v, client := l.now(); v.Kind != "new" || v.Trouble != "" || client != "2" {
		t.Errorf("%+v, %q", v, client)
	}
}

func TestImportingAGoogleClient(t *testing.T) {
	dir := t.TempDir()
	app, other := attend(t, Config{Dir: dir}), openAt(t, Config{Dir: dir})
	new(shelf).put(app, other)
	app.LookAtVault(t.Context())
	for file, want := range map[string]string{`{"installed":{}}`: "importing the OAuth client: the OAuth client has no client_id", "AIza": "API key"} {
		if id, _, err := other.ImportGoogleClient(t.Context(), []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %q, %v", file, id, err)
		}
	}
	id, note, err := other.ImportGoogleClient(t.Context(), []byte(clientJSON))
	if err != nil || id != "1.apps.googleusercontent.com" || note != "" {
		t.Fatalf("%q, %q, %v", id, note, err)
	}
	within(t, "the client in the other process", func() bool { return snap(t, app).GoogleClient == id })
	web := strings.NewReplacer("installed", "web", "http://localhost", "http://127.0.0.1:7879/").Replace(clientJSON)
	if _, note, err := app.ImportGoogleClient(t.Context(), []byte(web)); err != nil || !strings.Contains(note, "Desktop app") {
		t.Errorf("one for web sites: %q, %v", note, err)
	}
	if err := app.RemoveGoogleClient(t.Context()); err != nil || snap(t, app).GoogleClient != "" {
		t.Errorf("removed: %v, %q", err, snap(t, app).GoogleClient)
	}
}
