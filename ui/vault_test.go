package ui

import (
	"strings"
	"testing"

	"postern/internal/desk"
)

// locked is a bridge whose owner did not give the passphrase of the vault.
func locked() desk.Snapshot {
	s := fresh()
	s.Serving, s.Local = false, ""
	s.Vault = desk.Vault{Kind: "", Refused: true, Trouble: "the vault stays locked: nobody gave its passphrase"}
	return s
}

// bare is a bridge on a computer without a keychain.
func bare() desk.Snapshot {
	s := fresh()
	s.Serving, s.Local = false, ""
	s.Vault = desk.Vault{None: true, Trouble: "there is no keychain here: org.freedesktop.secrets was not provided"}
	return s
}

// TestStartingIsNotReady: as long as clients are not served the page does not say that they can work.
func TestStartingIsNotReady(t *testing.T) {
	st := newStage(t, desk.Snapshot{At: now})
	st.shows(t, "Starting…", "In a moment")
	st.draw(desk.Snapshot{At: now, Vault: desk.Vault{Asked: true}})
	st.shows(t, "Waiting for your passphrase", "“Postern: vault”")
	if strings.Contains(st.seen(), "Ready") {
		t.Error("it says that it is ready")
	}
	if got := standingOf(desk.Snapshot{}); !got.Starting || got.State != Idle {
		t.Errorf("%+v", got)
	}
}

// TestALockedVaultIsSaidOnce, with a way to unlock it.
func TestALockedVaultIsSaidOnce(t *testing.T) {
	st := newStage(t, locked())
	if all := banners(locked(), true); len(all) != 1 || all[0].Kind != "locked" {
		t.Errorf("banners: %+v", all)
	}
	st.shows(t, "The vault is locked")
	st.press(t, "Unlock…")
	if st.retried != 1 {
		t.Errorf("tried again %d times", st.retried)
	}
}

// TestWithoutAKeychainTheOwnerChooses, and nothing is chosen for them.
func TestWithoutAKeychainTheOwnerChooses(t *testing.T) {
	st := newStage(t, bare())
	st.shows(t, "Choose where secrets are kept")
	st.press(t, "Choose…")
	st.shows(t, "In the keychain of this computer", "In an encrypted file")
	st.press(t, "Cancel")
	st.called(t)
	st.press(t, "Choose…")
	st.press(t, "Try the keychain again")
	st.called(t)
	if st.retried != 1 {
		t.Errorf("tried again %d times", st.retried)
	}
	st.press(t, "Choose…")
	st.press(t, "Use an encrypted file")
	st.called(t, "use an encrypted file")
	if st.retried != 2 {
		t.Errorf("then clients are not served: %d", st.retried)
	}
}

// TestTheSampleAccountNeedsNoVault: clients of it are answered, and the page does not say otherwise.
func TestTheSampleAccountNeedsNoVault(t *testing.T) {
	for _, s := range []desk.Snapshot{bare(), locked()} {
		s.Demo, s.Serving, s.Local = true, true, "http://127.0.0.1:7878/mcp"
		if got := standingOf(s); got.State != Idle || got.Title != "Ready · no clients yet" {
			t.Errorf("%+v", got)
		}
		if all := banners(s, true); len(all) != 2 || all[0].Do == "" {
			t.Errorf("nothing tells of the vault: %+v", all)
		}
		s.Vault.Asked = true
		if got := stateLine(s); got != "Ready · no clients yet" {
			t.Errorf("while the passphrase is asked for: %s", got)
		}
	}
}

// TestAProfileThatIsGoneHasWords of the window, since the bridge has no name for it.
func TestAProfileThatIsGoneHasWords(t *testing.T) {
	s := usual()
	s.Clients[0].Grants[0].Profiles = []desk.Choice{{ID: "p9"}, {ID: "p1", Title: "work"}}
	st := newStage(t, s)
	st.window.open(viewClients)
	st.shows(t, "a removed profile, work")
}
