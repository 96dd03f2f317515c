package mail

import (
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
