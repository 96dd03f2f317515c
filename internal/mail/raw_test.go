package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestDeclaredCharsetsAreBelieved(t *testing.T) {
	text := "Grüße 😀 " + strings.Repeat("and so on ", 200)
	for _, kind := range []string{"text/plain", "text/html"} {
		root, err := FromRaw([]byte("Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: " + kind + "; charset=utf-8\r\n\r\n" + text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Read(root, Options{Quoted: true}).Text; !strings.HasPrefix(got, "Grüße 😀 and") {
			t.Errorf("%s: %.40q", kind, got)
		}
	}
}

// Thirty multiparts without an end took the parser hours.
func TestUnclosedParts(t *testing.T) {
	nested := func(n int) []byte {
		var b strings.Builder
		b.WriteString("From: a@example.org\r\n")
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return []byte(b.String() + "\r\nthe text")
	}
	root, err := FromRaw(nested(4))
	if err != nil {
		t.Fatal(err)
	}
	if got := Read(root, Options{}).Text; got != "the text" {
		t.Errorf("a mail that breaks off reads %q", got)
	}
	for _, n := range []int{30, 1000} {
		if _, err := FromRaw(nested(n)); !errors.Is(err, errTangled) {
			t.Errorf("%d levels: %v", n, err)
		}
	}
	outer := "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nouter\r\n--o\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(nested(30)) + "\r\n--o--\r\n"
	if root, err = FromRaw([]byte(outer)); err != nil {
		t.Fatal(err)
	}
	if got := Read(root, Options{}).Text; got != "outer" {
		t.Errorf("around a tangled mail stands %q", got)
	}
}
