//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"postern/auth/vault"
)

var engineSearch = map[string]any{"query": "engine"}

// TestStolenState copies the state directory while a client uses what the owner has let it have and a profile is signed
// in, and serves it elsewhere (attack 40). The thief has all of the directory, with the write-ahead log, and the address
// that the tokens are for; of the vault it has nothing, or, where it is a file in that directory, the encrypted file.
func TestStolenState(t *testing.T) {
	type thieves map[string]func(t *testing.T, dir string) (env []string, flags []string)
	anotherPassphrase := []string{"POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of the thief"}
	for _, c := range []struct {
		name    string
		vault   func(t *testing.T) []string
		file    bool // the vault lies in the directory
		thieves thieves
	}{
		{"keychain", startKeyring, false, thieves{
			"a keychain of its own": func(t *testing.T, _ string) ([]string, []string) { return startKeyring(t), nil },
		}},
		{"encrypted file", func(*testing.T) []string { return fileVault }, true, thieves{
			"a guessed passphrase": func(*testing.T, string) ([]string, []string) { return anotherPassphrase, []string{"--demo"} },
			"the file taken away": func(t *testing.T, dir string) ([]string, []string) {
				if err := os.Remove(filepath.Join(dir, vault.FileName)); err != nil {
					t.Fatal(err)
				}
				return anotherPassphrase, nil
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := startGoogle(t)
			g.deliver("ada@example.com", engineMail)
			browser := startBrowser(t, g.proxy.URL)
			env := append(g.env(), c.vault(t)...)
			d := newDesktop(t, env...)
			d.signIn(browser, "work", "ada@example.com")
			b := startBridge(d)
			token := b.token(browser, "gmail:read")
			if _, got := b.call(token.AccessToken, "gmail_search", engineSearch); !strings.Contains(got, "The engine is ready") {
				t.Fatalf("the owner's client reads no mail: %s", got)
			}
			copies := map[string]string{"": copyState(t, d.dir)} // while the bridge runs
			for name := range c.thieves {
				copies[name] = copyState(t, d.dir)
			}
			b.stop()

			// First the owner: what is refused below is not refused because the copy is bad.
			if c.file {
				owner := startBridge(desktopAt(t, copies[""], env...), "--addr", strings.TrimPrefix(b.issuer(), "http://"))
				if _, got := owner.call(token.AccessToken, "gmail_search", engineSearch); !strings.Contains(got, "The engine is ready") {
					t.Fatalf("with the owner's vault, the copy gives no access: %s", got)
				}
				owner.stop()
			}
			for name, prepare := range c.thieves {
				t.Run(name, func(t *testing.T) {
					dir := copies[name]
					tokens := loot(t, dir)
					if _, err := os.Stat(filepath.Join(dir, vault.FileName)); (err == nil) != c.file {
						t.Errorf("a vault in the directory: %v", err)
					}
					own, flags := prepare(t, dir)
					d := desktopAt(t, dir, append(g.env(), own...)...)
					if len(flags) > 0 { // without the sample account, nothing is served where the vault cannot be opened
						if o := d.postern("serve", "--addr", "127.0.0.1:0"); o.code == 0 || !strings.Contains(o.stderr, vault.ErrPassphrase.Error()) {
							t.Errorf("served with a wrong passphrase: exit %d\n%s", o.code, o.stderr)
						}
					}
					th := &thief{b: startBridge(d, append(flags, "--addr", strings.TrimPrefix(b.issuer(), "http://"))...)}
					for _, stolen := range []string{token.AccessToken, token.RefreshToken} {
						if got := th.bearer(stolen); got != 401 {
							t.Errorf("a true token, found elsewhere, gets %d", got)
						}
						if got := th.exchange(token.clientID, stolen); got != "400 invalid_grant" {
							t.Errorf("a true token, found elsewhere, is exchanged: %s", got)
						}
					}
					for stolen := range tokens {
						if sendable(stolen) {
							if got := th.bearer(stolen); got != 401 {
								t.Errorf("%q of the copy, as a token, gets %d", stolen, got)
							}
						}
						want := "400 invalid_grant"
						if !utf8.ValidString(stolen) {
							want = "400 invalid_request" // no parameter may be so
						}
						if got := th.exchange(token.clientID, stolen); got != want {
							t.Errorf("%q of the copy, as a refresh token: %s, want %s", stolen, got, want)
						}
					}
					t.Logf("%d strings of the copy were tried", len(tokens))

					// The profile is listed, and opens nothing.
					before, asked := g.issued.Load(), g.Count("gmail.users.messages.list")
					if o := d.postern("profiles", "list"); !strings.Contains(o.stdout, "ada@example.com") {
						t.Errorf("the copy does not have the profile:\n%s%s", o.stdout, o.stderr)
					}
					if o := d.postern("tools", "call", "gmail_search", "query=engine", "profile=work"); o.code == 0 || strings.Contains(o.stdout, "The engine is ready") {
						t.Errorf("the thief reads mail: exit %d\n%s", o.code, o.stdout)
					}
					if g.issued.Load() != before || g.Count("gmail.users.messages.list") != asked {
						t.Error("Google has answered the thief")
					}
				})
			}
		})
	}
}

// copyState copies a state directory, of which a process may be writing.
func copyState(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	log := false
	for path, b := range filesBelow(t, dir) {
		rest, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		log = log || rest == database+"-wal" && len(b) > 0
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(rest)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, rest), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !log {
		t.Fatal("the copy has no write-ahead log")
	}
	return to
}
