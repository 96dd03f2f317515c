package opaque

import (
	"bytes"
	"strings"
	"testing"
)

var kinds = []Kind{Access, Refresh, Code, Secret, Browser, Form}

func TestNewIsItsKindAndNoOther(t *testing.T) {
	for _, k := range kinds {
		s := New(k)
		if s == New(k) {
			t.Errorf("%s: two are the same", k)
		}
		for _, other := range kinds {
			if Is(other, s) != (other == k) {
				t.Errorf("%s is taken for %s: %v", k, other, Is(other, s))
			}
			if moved := string(other) + strings.TrimPrefix(s, string(k)); other != k && Is(other, moved) {
				t.Errorf("a %s with the prefix of a %s is one", k, other)
			}
		}
	}
}

func TestIsRefusesWhatIsDamaged(t *testing.T) {
	s := New(Access)
	last := s[:len(s)-1] + map[bool]string{true: "B", false: "A"}[s[len(s)-1] == 'A']
	for name, bad := range map[string]string{
		"empty": "", "prefix alone": "mcpat_", "cut": s[:len(s)-1], "longer": s + "A", "space": " " + s, "one letter changed": last,
		"not base64url": s[:len(s)-1] + "=", "line break": s[:20] + "\n" + s[21:],
		// encoding/base64 skips line breaks, so these decode to fewer bytes.
		"line break, then whole": s[:20] + "\n" + s[21:len(s)-1] + "A", "four line breaks": s[:20] + "\n\r\n\r" + s[24:], "all line breaks": "mcpat_" + strings.Repeat("\n", 48),
	} {
		if Is(Access, bad) {
			t.Errorf("%s: %q is taken", name, bad)
		}
	}
}

func TestHashDependsOnPepperAndString(t *testing.T) {
	p, q, s := NewPepper(), NewPepper(), New(Access)
	if !bytes.Equal(p.Hash(s), p.Hash(s)) || bytes.Equal(p.Hash(s), q.Hash(s)) || bytes.Equal(p.Hash(s), p.Hash(New(Access))) {
		t.Error("hashes are not those of one pepper and one string")
	}
}

func TestParsePepper(t *testing.T) {
	p := NewPepper()
	if got, err := ParsePepper(p[:]); err != nil || got != p {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParsePepper(p[:31]); err == nil {
		t.Error("31 bytes are taken")
	}
}

func TestRedactLeavesNoPartOfAToken(t *testing.T) {
	s := New(Refresh)
	for _, text := range []string{"refresh_token=" + s + "&x=1", "cut " + s[:30], `{"t":"` + s + `"}`} {
		if got := Redact(text); strings.Contains(got, s[6:22]) || !strings.Contains(got, "mcprt_[redacted]") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if text := "mcpat_ is a prefix"; Redact(text) != text {
		t.Errorf("%q became %q", text, Redact(text))
	}
}

func FuzzIs(f *testing.F) {
	for _, k := range kinds {
		s := New(k)
		f.Add(s)
		f.Add(s[:20] + "\r\n" + s[22:])
		f.Add(string(k))
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind := Kind("")
		for _, k := range kinds {
			if !Is(k, s) {
				continue
			}
			if kind != "" {
				t.Errorf("%q is a %s and a %s", s, kind, k)
			}
			kind = k
			if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q is a %s", s, k)
			}
		}
		if kind != "" && strings.Contains(Redact("got "+s+" here"), s) {
			t.Errorf("%q is not redacted", s)
		}
	})
}
