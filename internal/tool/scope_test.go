package tool

import "testing"

func TestWiderScopesImplyNarrower(t *testing.T) {
	tests := []struct {
		have, want Scope
		ok         bool
	}{
		{"gmail:send", "gmail:read", true},
		{"gmail:write", "gmail:read", true},
		{"gmail:read", "gmail:write", false},
		{"gmail:send", "drive:read", false},
		{"gmail:read", "gmail:read", true},
		{"nonsense", "nonsense", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got := tt.have.Implies(tt.want); got != tt.ok {
			t.Errorf("%q implies %q = %v, want %v", tt.have, tt.want, got, tt.ok)
		}
	}
}

func TestScopeForClass(t *testing.T) {
	tests := []struct {
		set   string
		class Class
		want  Scope
	}{
		{"gmail", ClassRead, "gmail:read"},
		{"gmail", ClassWrite, "gmail:write"},
		{"gmail", ClassOutward, "gmail:send"},
		{"gmail", ClassDestructive, "gmail:write"},
		{"drive", ClassOutward, "drive:share"},
		{"meet", ClassRead, "meet:read"},
		{"unheard", ClassRead, ""},
	}
	for _, tt := range tests {
		if got := ScopeFor(tt.set, tt.class); got != tt.want {
			t.Errorf("ScopeFor(%s, %s) = %q, want %q", tt.set, tt.class, got, tt.want)
		}
	}
}
