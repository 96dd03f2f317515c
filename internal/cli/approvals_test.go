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
