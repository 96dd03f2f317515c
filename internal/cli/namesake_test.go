package cli

import "testing"

func TestNamesakesAreToldApart(t *testing.T) {
	n := namesakes{}
	for _, c := range [][2]string{{"Claude", "mcpc_abcdefgh"}, {"Claude", "mcpc_xyzxyzxyz"}, {"Claude Desktop", "https://claude.ai/x"}, {"Claude Desktop", ""}, {"Gemini", "mcpc_g"}, {"Gemini", "mcpc_g"}} {
		n.add(c[0], c[1])
	}
	for _, c := range []struct{ name, id, want string }{
		{"Claude", "mcpc_abcdefgh", "Claude abcde"},
		{"Claude", "mcpc_xyzxyzxyz", "Claude xyzxy"},
		{"Claude Desktop", "https://claude.ai/x", "Claude … claud"},
		{"Claude Desktop", "", "Claude Desktop"},
		{"Gemini", "mcpc_g", "Gemini"},
		{"nobody", "mcpc_n", "nobody"},
	} {
		if got := n.cell(c.name, c.id); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.name, c.id, got, c.want)
		}
	}
}
