package mask

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilter(t *testing.T) {
	const in = `{"a":1,"b":{"c":2,"d":3,"x":4},"e":[{"f":5,"g":6},{"f":7}],"h":{"i":{"j":8,"k":9}},"z":"z"}`
	for _, c := range []struct{ mask, want string }{
		{"a", `{"a":1}`},
		{"a,b(c,d),e/f", `{"a":1,"b":{"c":2,"d":3},"e":[{"f":5},{"f":7}]}`},
		{"*", in},
		{"b/*", `{"b":{"c":2,"d":3,"x":4}}`},
		{"b/c,b/d", `{"b":{"c":2,"d":3}}`},
		{"b,b/c", `{"b":{"c":2,"d":3,"x":4}}`},
		{"h/i(j)", `{"h":{"i":{"j":8}}}`},
		{"h.i.k", `{"h":{"i":{"k":9}}}`},
		{"*/f,b/c", `{"a":1,"b":{"c":2},"e":[{"f":5},{"f":7}],"h":{},"z":"z"}`},
		{"nothing", `{}`},
	} {
		m, err := Parse(c.mask)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.mask, err)
			continue
		}
		var v, want any
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, m.Filter(v)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.mask, d)
		}
	}
}

func TestMalformedMasks(t *testing.T) {
	for _, s := range []string{"", ",", "a,", "a(", "a(b", "a)", "a//b", "(a)", "a b", "a()"} {
		if m, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, m)
		}
	}
}
