package settings

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/internal/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestDefaultsAreAllowed(t *testing.T) {
	for _, k := range Keys() {
		if err := k.allows(k.Default); err != nil {
			t.Errorf("the default of %s: %v", k.Name, err)
		}
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s has no sentence", k.Name)
		}
	}
}

func TestSetAndLoad(t *testing.T) {
	s := open(t)
	for name, value := range map[string]string{"toolsets": "gmail, drive", "tier": "extended", "approvals.outward": "deny", "activity.keep_days": "7", "log.level": "debug"} {
		if err := Set(t.Context(), s, name, value); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Toolsets, " ") != "gmail drive" || got.Tier != "extended" || got.Outward != "deny" || got.Destructive != "ask" ||
		got.KeepActivity != 7*24*time.Hour || got.Level.String() != "DEBUG" || got.CLI || got.Elicitation || got.Port != 7878 || got.OffAfter != 8*time.Hour {
		t.Errorf("Load: %+v", got)
	}
}

func TestRefused(t *testing.T) {
	s := open(t)
	for _, c := range []struct{ name, value, want string }{
		{"approvals.outwards", "ask", "did you mean approvals.outward"},
		{"zzz", "1", "settings list"},
		{"approvals.outward", "yes", "ask, allow, deny"},
		{"approvals.write", "ask", "allow, deny"},
		{"activity.keep_days", "0", "number of days"},
		{"exchange.folder", "files", "absolute"},
		{"exchange.folder", "/", "clients"},
		{"toolsets", "gmail;rm", "names such as"},
		{"http.port", "0", "1024 to 65535"},
		{"http.port", "80", "1024 to 65535"},
		{"http.port", "65536", "1024 to 65535"},
		{"http.port", "0.0.0.0:7878", "1024 to 65535"},
		{"tunnel.off_after", "9h", "1h, 4h, 8h, 24h, never"},
	} {
		if err := Set(t.Context(), s, c.name, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Set(%s, %s): %v, want %q", c.name, c.value, err, c.want)
		}
		if _, ok, err := s.Setting(t.Context(), c.name); ok || err != nil {
			t.Errorf("Set(%s, %s) was kept (%v)", c.name, c.value, err)
		}
	}
}

func TestAValueThatIsNoLongerAllowedCountsAsTheDefault(t *testing.T) {
	s := open(t)
	if err := s.SetSetting(t.Context(), "approvals.outward", "sometimes"); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(t.Context(), s); err != nil || got.Outward != "ask" {
		t.Errorf("Load: %q, %v", got.Outward, err)
	}
}

func TestTheExchangeFolderHoldsNothingPrivate(t *testing.T) {
	home, state := t.TempDir(), filepath.Join(t.TempDir(), "state")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("POSTERN_HOME", state)
	s := open(t)
	for _, bad := range []string{home, home + "/.", filepath.Join(home, "x", ".."), filepath.Dir(home), state, filepath.Dir(state)} {
		if err := Set(t.Context(), s, "exchange.folder", bad); err == nil || !strings.Contains(err.Error(), "alone") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, good := range []string{filepath.Join(home, "exchange"), filepath.Join(state, "files"), ""} {
		if err := Set(t.Context(), s, "exchange.folder", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestNearMissesAreNamed(t *testing.T) {
	for name, want := range map[string]string{"keep_days": "activity.keep_days", "aprovals.cli": "approvals.cli", "readonly": "read_only", "outward": "approvals.outward", "tiers": "tier"} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), "did you mean "+want) {
			t.Errorf("Find(%q): %v, want %s", name, err, want)
		}
	}
}

func TestGet(t *testing.T) {
	s := open(t)
	if v, set, err := Get(t.Context(), s, "approvals.outward"); v != "ask" || set || err != nil {
		t.Errorf("a default: %q, %v, %v", v, set, err)
	}
	if err := Set(t.Context(), s, "approvals.outward", " deny "); err != nil {
		t.Fatal(err)
	}
	if v, set, err := Get(t.Context(), s, "approvals.outward"); v != "deny" || !set || err != nil {
		t.Errorf("what was set: %q, %v, %v", v, set, err)
	}
	if _, _, err := Get(t.Context(), s, "nothing"); err == nil {
		t.Error("an unknown key has a value")
	}
}
