package settings

import (
	"strings"
	"testing"
	"time"
)

func TestLifetimes(t *testing.T) {
	s := open(t)
	got, err := Load(t.Context(), s)
	if err != nil || got.Access != 0 || got.Refresh != 30*day || got.Grant != 180*day {
		t.Errorf("the defaults: %v, %v, %v; %v", got.Access, got.Refresh, got.Grant, err)
	}
	for name, value := range map[string]string{"oauth.access": "90m", "oauth.refresh": "72h", "oauth.grant": "never"} {
		if err := Set(t.Context(), s, name, value); err != nil {
			t.Error(err)
		}
	}
	got, err = Load(t.Context(), s)
	if err != nil || got.Access != 90*time.Minute || got.Refresh != 3*day || got.Grant >= 0 {
		t.Errorf("what was set: %v, %v, %v; %v", got.Access, got.Refresh, got.Grant, err)
	}
	for _, c := range []struct{ name, value, want string }{
		{"oauth.access", "never", "30m"},
		{"oauth.access", "0", "from 5m to 1d"},
		{"oauth.access", "25h", "from 5m to 1d"},
		{"oauth.access", "-1h", "from 5m to 1d"},
		{"oauth.refresh", "never", "30m"},
		{"oauth.refresh", "", "30m"},
		{"oauth.refresh", "366d", "from 1d to 365d"},
		{"oauth.grant", "3651d", "from 1d to 3650d"},
		{"oauth.grant", "60000d", "from 1d to 3650d"},
		{"oauth.grant", "99999999999999999999d", "30m"},
		{"oauth.grant", "2500000h", "from 1d to 3650d"},
	} {
		if err := Set(t.Context(), s, c.name, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Set(%s, %s): %v, want %q", c.name, c.value, err, c.want)
		}
	}
	for _, k := range Keys() {
		if strings.HasPrefix(k.Name, "oauth.") && !k.Guards {
			t.Errorf("anybody may change %s", k.Name)
		}
	}
}
