package batch

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestRequests(t *testing.T) {
	body := crlf("--b\nContent-Type: application/http\nContent-ID: <one>\n\nGET /gmail/v1/users/me/labels?fields=labels HTTP/1.1\nAuthorization: Bearer x\n\n" +
		"\n--b\nContent-Type: application/http\n\nPOST /gmail/v1/users/me/labels HTTP/1.1\nContent-Type: application/json\nContent-Length: 12\n\n{\"name\":\"a\"}" +
		"\n--b\nContent-Type: application/http\n\nGET /short\n\n{}\n--b--\n")
	got, err := Requests("multipart/mixed; boundary=b", strings.NewReader(body))
	if err == nil || !strings.Contains(err.Error(), "part 3") {
		t.Errorf("a request line without a protocol: %v", err)
	}
	if len(got) != 2 {
		t.Fatalf("got %d requests, want 2", len(got))
	}
	if got[0].ID != "<one>" || got[0].URL.String() != "/gmail/v1/users/me/labels?fields=labels" || got[0].Header.Get("Authorization") != "Bearer x" {
		t.Errorf("first request: %q %v %v", got[0].ID, got[0].URL, got[0].Header)
	}
	data, err := io.ReadAll(got[1].Body)
	if err != nil || string(data) != `{"name":"a"}` {
		t.Errorf("second body: %q, %v", data, err)
	}
}

func TestABodyWithoutALength(t *testing.T) {
	body := crlf("--b\nContent-Type: application/http\n\nPOST /x HTTP/1.1\nContent-Type: application/json\n\n{\"a\":1}\n--b--\n")
	got, err := Requests("multipart/mixed; boundary=b", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(got[0].Body)
	if string(data) != `{"a":1}` {
		t.Errorf("body: %q", data)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ contentType, body string }{
		{"application/json", "{}"},
		{"multipart/mixed", "--b--"},
		{"multipart/mixed; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n--b--\r\n"},
		{"multipart/mixed; boundary=b", "--b\r\nContent-Type: application/http\r\n\r\nGET / HT"},
	} {
		if got, err := Requests(c.contentType, strings.NewReader(c.body)); err == nil {
			t.Errorf("Requests(%q, %q) = %v, want an error", c.contentType, c.body, got)
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	want := []Response{
		{"<response-one>", 200, http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}}, []byte("{}")},
		{"", 404, http.Header{"Content-Length": {"0"}}, []byte{}},
	}
	var buf bytes.Buffer
	contentType, err := Write(&buf, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Responses(contentType, &buf)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAnswering(t *testing.T) {
	for in, want := range map[string]string{"<a+1>": "<response-a+1>", "a": "response-a", "": ""} {
		if got := Answering(in); got != want {
			t.Errorf("Answering(%q) = %q, want %q", in, got, want)
		}
	}
}
