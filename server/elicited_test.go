package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
)

func TestAQuestionAsTextHasAllThatTheWindowShows(t *testing.T) {
	got := questionText(approval.Request{Preview: approval.Preview{
		Title: "Send\na mail", Body: "b\u202eb\nc", Warnings: []approval.Text{approval.Say("x", "Goes to {who}", "who", "e\u200bve")},
		Fields:  []approval.Field{{Name: "To", Value: "anna@example.com\nTo: nobody"}, {Name: "To", Value: "bob@example.org", Alarm: true, Marks: []approval.Text{{English: "first time"}}}},
		Changes: []approval.Change{{Title: "Text", More: 2, Lines: []approval.Line{{Folded: 3}, {Text: "kept"}, {Sign: "-", Text: "old"}, {Sign: "+", Text: "new"}}}},
	}})
	want := `Send a mail
! Goes to e<U+200B>ve
To: anna@example.com To: nobody
To: bob@example.org (!) (first time)

Changed: Text
  (3 lines as before)
  kept
- old
+ new
  (2 more lines: the whole text stands below)

b<U+202E>b
c`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
