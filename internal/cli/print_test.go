package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestWrapLosesNothing(t *testing.T) {
	text := "Dear all,\n\n" + strings.Repeat("wörter und mehr ", 20) + strings.Repeat("x", 200) + "\nend"
	for _, width := range []int{1, 20, 67} {
		got := wrap(text, width)
		for _, l := range got {
			if n := len([]rune(l)); n > width {
				t.Errorf("width %d: a line of %d: %q", width, n, l)
			}
		}
		squash := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squash(strings.Join(got, " ")) != squash(text) {
			t.Errorf("width %d: words were lost", width)
		}
	}
	if got := wrap("as it is", 0); !slices.Equal(got, []string{"as it is"}) {
		t.Errorf("without a width: %q", got)
	}
}

func TestJSONHoldsNothingThatActsOnATerminal(t *testing.T) {
	in := map[string]string{"subject": "\x1b]0;x\a \u009b2J \u202e \U000e0041 日本 é \u00a0<&>"}
	var b strings.Builder
	f := &face{out: &b}
	if err := f.printJSON(in); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.String() {
		if r != '\n' && r != '\u00a0' && !unicode.IsPrint(r) {
			t.Errorf("%U is in %q", r, b.String())
		}
	}
	var out map[string]string
	if err := json.Unmarshal([]byte(b.String()), &out); err != nil || out["subject"] != in["subject"] {
		t.Errorf("it reads back as %q, %v", out, err)
	}
	if !strings.Contains(b.String(), "日本 é") {
		t.Errorf("letters were escaped: %s", b.String())
	}
}

func TestTableAtEightyColumns(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	var b strings.Builder
	f := &face{out: &b}
	rows := [][]string{{"short", strings.Repeat("many words ", 20)}, {"a longer name", "few"}, {"tr\nick", "one\ntwo"}}
	if err := f.table([]string{"", ""}, rows); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for _, l := range lines {
		if len(l) > 80 || strings.TrimRight(l, " ") != l || l == "" {
			t.Errorf("line %q", l)
		}
		if strings.HasPrefix(l, "many") || strings.HasPrefix(l, "ick") || strings.HasPrefix(l, "two") {
			t.Errorf("a cell goes on where rows begin: %q", l)
		}
	}
	if !strings.HasPrefix(lines[0], "short          many words") {
		t.Errorf("first line %q", lines[0])
	}
}
