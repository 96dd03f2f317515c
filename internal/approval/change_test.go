package approval_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
)

// shown is a change as a person reads it.
func shown(c approval.Change) string {
	var b strings.Builder
	for _, l := range c.Lines {
		if l.Folded > 0 {
			fmt.Fprintf(&b, "(%d)\n", l.Folded)
			continue
		}
		fmt.Fprintf(&b, "%1s%s\n", l.Sign, l.Text)
	}
	return b.String()
}

func numbered(n int, except map[int]string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if s, ok := except[i]; ok {
			b.WriteString(s)
			continue
		}
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func TestCompareShowsWhatIsOther(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"one line", "Friday", "Monday", "-Friday\n+Monday\n"},
		{"from nothing", "", "bob@example.com", "+bob@example.com\n"},
		{"to nothing", "bob@example.com", "", "-bob@example.com\n"},
		{"lines that look like the head of a diff", "-- a\n@@ -1,2 @@\n++ b", "@@ -9,9 @@\n++ b", "--- a\n-@@ -1,2 @@\n+@@ -9,9 @@\n ++ b\n"},
		{"the end of a line", "a\r\nb\r\n", "a\nc", " a\n-b\n+c\n"},
		{"an empty line", "a\n\nb", "a\n\nc", " a\n \n-b\n+c\n"},
		{"far apart", numbered(30, nil), numbered(30, map[int]string{10: "ten\n", 25: ""}),
			"(6)\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n line 12\n line 13\n(8)\n line 22\n line 23\n line 24\n-line 25\n line 26\n line 27\n line 28\n(2)\n"},
	} {
		got := approval.Compare([]approval.Edit{{Name: "x", Value: c.was}, {Name: "same", Value: "s"}}, []approval.Edit{{Name: "x", Title: "X", Value: c.is}, {Name: "same", Value: "s"}, {Name: "new", Value: "n"}})
		if len(got) != 1 || got[0].Name != "x" || got[0].Title != "X" || got[0].More != 0 {
			t.Fatalf("%s: %+v", c.name, got)
		}
		if diff := cmp.Diff(c.want, shown(got[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestAGreatChangeIsCut: the whole of what it is now stands in the preview anyway.
func TestAGreatChangeIsCut(t *testing.T) {
	got := approval.Compare([]approval.Edit{{Value: strings.Repeat("old\n", 5000)}}, []approval.Edit{{Value: strings.Repeat("é", 100_000)}})[0]
	if len(got.Lines) != 200 || got.More != 4801 {
		t.Errorf("%d lines, %d more", len(got.Lines), got.More)
	}
	got = approval.Compare([]approval.Edit{{Value: "a"}}, []approval.Edit{{Value: strings.Repeat("é", 100_000)}})[0]
	if n := len([]rune(got.Lines[1].Text)); n != 2001 {
		t.Errorf("a line of %d characters", n)
	}
}

// TestAValueIsNoSentence: nothing of a value is taken for a place or a key, and old rows are read.
func TestAValueIsNoSentence(t *testing.T) {
	s := approval.Say("mail.to", "Send {what} to {who}", "what", "{who}", "who", "{what} popup.deny")
	if s.Key != "mail.to" || s.English != "Send {who} to {what} popup.deny" || s.Values["who"] != "{what} popup.deny" {
		t.Errorf("it is %+v", s)
	}
	var p approval.Preview
	if err := json.Unmarshal([]byte(`{"title":"t","warnings":["of before",{"english":"now","key":"k","values":{"a":"b"}}]}`), &p); err != nil {
		t.Fatal(err)
	}
	want := []approval.Text{{English: "of before"}, {English: "now", Key: "k", Values: map[string]string{"a": "b"}}}
	if diff := cmp.Diff(want, p.Warnings); diff != "" || p.Says.English != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
