package discovery

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postern/internal/fakegoogle"
)

// TestViolationsAreFound makes one fault at a time in a call that is right otherwise.
func TestViolationsAreFound(t *testing.T) {
	d, err := Load("gmail:v1")
	if err != nil {
		t.Fatal(err)
	}
	read := []string{"https://www.googleapis.com/auth/gmail.readonly"}
	modify := []string{"https://www.googleapis.com/auth/gmail.modify"}
	const base = "https://gmail.googleapis.com/gmail/v1/users/me/"
	for _, c := range []struct {
		name, verb, url, body, answer string
		scopes                        []string
		want                          string // "" for a call that is right
	}{
		{"a list", "GET", base + "messages?q=x&maxResults=5&fields=messages(id,threadId),nextPageToken", "", `{"messages":[{"id":"1","threadId":"1"}]}`, read, ""},
		{"a modify", "POST", base + "messages/1/modify", `{"addLabelIds":["A"]}`, `{"id":"1"}`, modify, ""},
		{"a path that does not exist", "GET", base + "mails", "", `{}`, read, "has no method"},
		{"another verb", "PATCH", base + "messages", "", `{}`, read, "has no method"},
		{"an unknown parameter", "GET", base + "messages?query=x", "", `{}`, read, "no parameter query"},
		{"a number that is none", "GET", base + "messages?maxResults=many", "", `{}`, read, "maxResults"},
		{"a value outside of its enum", "GET", base + "messages/1?format=brief", "", `{}`, read, "format"},
		{"a parameter twice", "GET", base + "messages?q=a&q=b", "", `{}`, read, "more than once"},
		{"a mask of a field that does not exist", "GET", base + "messages?fields=messages(id,subject)", "", `{}`, read, "messages/subject"},
		{"a broken mask", "GET", base + "messages?fields=messages(id", "", `{}`, read, "malformed"},
		{"a scope that does not suffice", "POST", base + "messages/1/modify", `{}`, `{"id":"1"}`, read, "do not suffice"},
		{"an unknown field in the request", "POST", base + "messages/1/modify", `{"labels":["A"]}`, `{}`, modify, "request.labels does not exist"},
		{"a wrong type in the request", "POST", base + "messages/1/modify", `{"addLabelIds":"A"}`, `{}`, modify, "want array"},
		{"a null", "POST", base + "messages/1/modify", `{"addLabelIds":null}`, `{}`, modify, "null"},
		{"a request that is no JSON", "POST", base + "messages/1/modify", `{`, `{}`, modify, "no JSON"},
		{"a body where there is none", "GET", base + "messages", `{}`, `{}`, read, "takes no body"},
		{"an unknown field in the answer", "GET", base + "profile", "", `{"email":"x"}`, read, "answer.email does not exist"},
		{"a wrong type in the answer", "GET", base + "profile", "", `{"messagesTotal":"many"}`, read, "want integer"},
		{"an answer where there is none", "POST", base + "messages/batchModify", `{"ids":["1"]}`, `{"ok":true}`, modify, "has no answer"},
	} {
		body := strings.NewReader(c.body)
		r := httptest.NewRequest(c.verb, c.url, body)
		found := strings.Join(d.Judge(fakegoogle.Exchange{Service: "gmail:v1", Request: r, Body: []byte(c.body), Scopes: c.scopes, Status: http.StatusOK, Header: http.Header{}, Answer: []byte(c.answer)}), "\n")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, found, c.want)
		}
	}
}
