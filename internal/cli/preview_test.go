package cli

import (
	"strings"
	"testing"

	"postern/internal/approval"
)

// previewed is what "approvals show" prints of a question.
func previewed(r approval.Request) string {
	var b strings.Builder
	(&face{out: &b}).preview(r)
	return b.String()
}

func TestAPreviewSaysThatItIsFromOutside(t *testing.T) {
	r := approval.Request{Kind: approval.Action, Client: "Claude", Origin: "over HTTP", Preview: approval.Preview{Title: "Send a mail"}}
	if got := previewed(r); strings.Contains(got, "INTERNET") {
		t.Errorf("a call from here: %s", got)
	}
	r.Public = true
	if got := previewed(r); !strings.Contains(got, "Came from:    THE INTERNET") {
		t.Errorf("a call from outside: %s", got)
	}
}

// TestAPreviewShowsMarksAndChanges: a list under one label, what is alarming behind a sign, and nothing of a change where
// Postern's own lines begin.
func TestAPreviewShowsMarksAndChanges(t *testing.T) {
	t.Setenv("COLUMNS", "60")
	p := approval.Preview{Title: "Send a mail", Warnings: []approval.Text{approval.Say("x", "Look at {it}", "it", "b\u202eb")},
		Fields:  []approval.Field{{Name: "To", Value: "anna@example.com"}, {Name: "To", Value: "bob@example.org", Alarm: true, Marks: []approval.Text{{English: "first time"}}}, {Name: "Who", Value: "Anyone with the link", Alarm: true}},
		Changes: []approval.Change{{Name: "text", Title: "Text", More: 4, Lines: []approval.Line{{Folded: 7}, {Text: "kept"}, {Sign: "-", Text: "old\x1b[2J"}, {Sign: "+", Text: "new " + strings.Repeat("and new ", 12)}}}}}
	got := previewed(approval.Request{Kind: approval.Action, Client: "c", Preview: p})
	for _, want := range []string{
		"Look:         Look at b<U+202E>b\n", "To:           anna@example.com\n              ! bob@example.org (first time)\n", "Who:          ! Anyone with the link\n",
		"\nChanged: Text\n    (7 lines as before)\n    kept\n  - old<U+001B>[2J\n  + new and new", "\n    (4 more lines: the whole text stands below)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	for l := range strings.Lines(got) {
		if len(l) > 61 || strings.HasPrefix(l, "and") || strings.HasPrefix(l, "new") {
			t.Errorf("line %q", l)
		}
	}
}
