package gmail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
)

// lines are sentences as a face without words of its own says them.
func lines(all []approval.Text) string {
	var b strings.Builder
	for _, t := range all {
		b.WriteString(t.English + "\n")
	}
	return b.String()
}

// addressees are the recipients of a preview as a face shows them.
func addressees(p approval.Preview) (all []string) {
	for _, f := range p.Fields {
		if f.Name == "To" || f.Name == "Cc" || f.Name == "Bcc" {
			one := f.Name + " " + f.Value
			if f.Alarm {
				one = "!" + one
			}
			for _, m := range f.Marks {
				one += ", " + m.English
			}
			all = append(all, one)
		}
	}
	return all
}

// TestRecipientsAreMarkedOneByOne: whom the owner has never written to, and who is outside.
func TestRecipientsAreMarkedOneByOne(t *testing.T) {
	d := newDesk(t)
	d.yes(d.asked("gmail_send", args{"to": []string{"k@example.com", "l@elsewhere.org"}, "subject": "before", "body_md": "x"}), "")
	r := d.asked("gmail_send", args{"to": []string{"K <k@example.com>", "mia@example.com"}, "cc": []string{"l@elsewhere.org"}, "bcc": []string{"eve@exampl.com"}, "subject": "s", "body_md": "x"})
	want := []string{
		"To K <k@example.com>", "!To mia@example.com, first time", "!Cc l@elsewhere.org, outside of example.com",
		"!Bcc eve@exampl.com, first time, outside of example.com, look-alike",
	}
	if diff := cmp.Diff(want, addressees(r.Preview)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	contains(t, lines(r.Preview.Warnings), "You have never written to mia@example.com", "Goes outside of example.com: elsewhere.org, exampl.com")
}

// TestManyRecipientsStayReadable: nobody is left out, and those who are marked alike share a line.
func TestManyRecipientsStayReadable(t *testing.T) {
	d := newDesk(t)
	var to []string
	for i := range 100 {
		to = append(to, fmt.Sprintf("p%d@%s", i, []string{"example.com", "elsewhere.org"}[i%2]))
	}
	r := d.asked("gmail_send", args{"to": to, "subject": "s", "body_md": "x"})
	got := addressees(r.Preview)
	if len(got) != 32 || !strings.Contains(got[30], "To p30@example.com, p32@example.com") || !strings.HasPrefix(got[31], "!To p31@elsewhere.org, p33@") || !strings.HasSuffix(got[31], "p99@elsewhere.org, outside of example.com") {
		t.Errorf("%d lines: %q", len(got), got[30:])
	}
	for _, a := range to {
		if !strings.Contains(strings.Join(got, ", ")+",", a+",") {
			t.Errorf("%s is not shown", a)
		}
	}
}

// TestWhatTheOwnerChangesIsCompared with what the client has asked, however often they change it.
func TestWhatTheOwnerChangesIsCompared(t *testing.T) {
	d := newDesk(t)
	r := d.asked("gmail_send", args{"to": []string{"k@example.com"}, "subject": "Plan", "body_md": "One.\n\nTwo.\n\nThree."})
	if len(r.Preview.Changes) != 0 {
		t.Errorf("before: %+v", r.Preview.Changes)
	}
	r = d.revise(r, map[string]string{"subject": "Plans"})
	r = d.revise(r, map[string]string{"text": "One.\n\n2.\n\nThree."})
	want := []approval.Change{
		{Name: "subject", Title: "Subject", Lines: []approval.Line{{Sign: "-", Text: "Plan"}, {Sign: "+", Text: "Plans"}}},
		{Name: "text", Title: "Text", Lines: []approval.Line{{Text: "One."}, {}, {Sign: "-", Text: "Two."}, {Sign: "+", Text: "2."}, {}, {Text: "Three."}}},
	}
	if diff := cmp.Diff(want, r.Preview.Changes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r = d.revise(r, map[string]string{"subject": "Plan", "text": "One.\n\nTwo.\n\nThree."}); len(r.Preview.Changes) != 0 {
		t.Errorf("changed back: %+v", r.Preview.Changes)
	}
}
