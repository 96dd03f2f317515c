package compose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
)

func sample() Mail {
	return Mail{From: mail.Address{Name: "Ada Löv", Address: "ada@example.com"}, To: []mail.Address{{Address: "k@example.org"}}, Subject: "Über", MessageID: "<1@example.com>", Text: "text\n", HTML: "<p>text</p>"}
}

func TestTheSameMailGivesTheSameBytes(t *testing.T) {
	file := File{Name: "ä.txt", MIME: "text/plain", Data: []byte("x")}
	a, err := sample().Build(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sample().Build(file)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two buildings differ (%v):\n%s\n%s", err, a, b)
	}
	other, err := sample().Build(File{Name: "ä.txt", MIME: "text/plain", Data: []byte("y")})
	if err != nil || bytes.Equal(a, other) {
		t.Errorf("another file gives the same bytes (%v)", err)
	}
}

func TestLongHeadersStayReadable(t *testing.T) {
	m := sample()
	m.Subject = strings.Repeat("Sehr lange Überschrift ", 30)
	m.To = nil
	for i := range 200 {
		m.To = append(m.To, mail.Address{Name: fmt.Sprintf("Jürgen, der %d.", i), Address: fmt.Sprintf("recipient.number.%d@a-rather-long-domain.example.org", i)})
	}
	for i := range 30 {
		m.References = append(m.References, fmt.Sprintf("<%s%d@example.org>", strings.Repeat("r", 60), i))
	}
	raw, err := m.Build()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 998 {
			t.Errorf("a line has %d bytes: %.80s", len(line), line)
		}
	}
	got, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := got.Header.AddressList("To")
	if err != nil || len(to) != 200 || to[199].Name != "Jürgen, der 199." || to[199].Address != m.To[199].Address {
		t.Errorf("To: %d addresses, %v", len(to), err)
	}
	if refs := strings.Fields(got.Header.Get("References")); len(refs) != 30 || refs[29] != m.References[29] {
		t.Errorf("References: %d", len(refs))
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil || strings.TrimSpace(e.GetHeader("Subject")) != strings.TrimSpace(m.Subject) {
		t.Errorf("Subject: %q, %v", e.GetHeader("Subject"), err)
	}
}

func TestFileNamesSurvive(t *testing.T) {
	for _, name := range []string{"plain.pdf", "Übersicht 2026.xlsx", "資料.pptx", `we"ird\name.txt`, strings.Repeat("lang", 40) + ".txt", strings.Repeat("資料", 60) + ".txt", "100% 'sure'; a*b=c.txt", `c:\\temp.txt`} {
		raw, err := sample().Build(File{Name: name, MIME: "application/octet-stream", Data: []byte{0, 1, 2, 255}})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("name=\"=?")) {
			t.Errorf("%q is an encoded word in a parameter, which RFC 2047 section 5 forbids:\n%s", name, raw)
		}
		for line := range bytes.Lines(raw) {
			if len(line) > 80 {
				t.Errorf("%q: a line has %d bytes: %s", name, len(line), line)
			}
		}
		e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
		if err != nil || len(e.Attachments) != 1 || e.Attachments[0].FileName != name || !bytes.Equal(e.Attachments[0].Content, []byte{0, 1, 2, 255}) {
			t.Errorf("%q came back as %+v, %v", name, e.Attachments, err)
		}
	}
}

func TestNoByteOfAnAttachmentChanges(t *testing.T) {
	for _, kind := range []string{"text/csv", "text/html; charset=iso-8859-1", "application/json", "", "message/rfc822", "multipart/mixed", "message/delivery-status"} {
		for _, data := range []string{"a,b\n1,2\n", "a\rb", "caf\xe9\r\n", "a,ä\n", "", "Subject: x\r\n\r\nbody\r\n", "Subject: x\n\nbody\n"} {
			raw, err := sample().Build(File{Name: "f", MIME: kind, Data: []byte(data)})
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
				t.Errorf("%s %q: a bare line feed", kind, data)
			}
			root, err := enmime.NewParser(enmime.RawContent(true)).ReadParts(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			p := root.FirstChild.NextSibling
			got := p.Content
			if p.Header.Get("Content-Transfer-Encoding") == "base64" {
				if got, err = base64.StdEncoding.DecodeString(string(got)); err != nil {
					t.Fatal(err)
				}
			}
			if string(got) != data {
				t.Errorf("%s: %q came back as %q", kind, data, got)
			}
		}
	}
}

func TestLettersBeforeTheAtAreRefused(t *testing.T) {
	m := sample()
	m.To[0].Address = "jürgen@example.org"
	if _, err := m.Build(); err == nil || !strings.Contains(err.Error(), "jürgen@") {
		t.Errorf("jürgen@: %v", err)
	}
}

func TestNoHeaderCanBeWritten(t *testing.T) {
	for name, change := range map[string]func(*Mail){
		"subject":     func(m *Mail) { m.Subject = "x\r\nBcc: eve@example.org" },
		"from":        func(m *Mail) { m.From.Name = "x\nBcc: eve@example.org" },
		"to":          func(m *Mail) { m.To[0].Name = "x\rBcc: eve@example.org" },
		"cc":          func(m *Mail) { m.Cc = []mail.Address{{Address: "x@y.org\r\nX: y"}} },
		"bcc":         func(m *Mail) { m.Bcc = []mail.Address{{Name: "x\x00y", Address: "x@y.org"}} },
		"in-reply-to": func(m *Mail) { m.InReplyTo = "<a>\r\nX: y" },
		"references":  func(m *Mail) { m.References = []string{"<a>\u2028X: y"} },
		"message id":  func(m *Mail) { m.MessageID = "<a>\nX: y" },
	} {
		m := sample()
		change(&m)
		if _, err := m.Build(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, f := range []File{{Name: "a.txt\r\nBcc: eve@example.org"}, {Name: "a.png", ContentID: "x>\r\nX: y"}} {
		if _, err := sample().Build(f); err == nil || !strings.Contains(err.Error(), "attachment") {
			t.Errorf("a file wrote a header: %v", err)
		}
	}
	raw, err := sample().Build(File{Name: "a.txt", MIME: "text/plain\r\nX: y"})
	if err != nil || bytes.Contains(raw, []byte("\nX:")) {
		t.Errorf("a file's type wrote a header (%v):\n%s", err, raw)
	}
}

func TestTooLargeNamesTheBiggest(t *testing.T) {
	_, err := sample().Build(File{Name: "small.bin", Data: make([]byte, 1<<20)}, File{Name: "big.bin", Data: make([]byte, 25<<20)})
	if err == nil || !strings.Contains(err.Error(), `"big.bin"`) {
		t.Errorf("26 MB: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	got, err := Addresses("to", []string{"ada@example.com, Bob <bob@example.org>", "ADA@example.com", "x@bücher.example", ""})
	if err != nil || len(got) != 3 || got[1].Name != "Bob" || got[2].Address != "x@xn--bcher-kva.example" {
		t.Errorf("Addresses: %+v, %v", got, err)
	}
	for _, bad := range []string{"ada", "ada@", "@example.com", "ada@localhost", "a b@example.com", "ada@exa mple.com", "ada@example.com>", "a\r\nb@example.com", "ada@-x-.com"} {
		if got, err := Addresses("to", []string{bad}); err == nil {
			t.Errorf("%q was read as %+v", bad, got)
		}
	}
}

func TestCleanHTML(t *testing.T) {
	got := CleanHTML(`<p style="color:red;display:none;position:fixed" onclick="x()">a</p><script>b</script><a href="javascript:x()">c</a><iframe src="https://x"></iframe><form><input></form><style>p{display:none}</style><img src="https://x/y.png" alt="z">`)
	for _, bad := range []string{"script", "onclick", "javascript", "iframe", "<form", "<input", "display", "position", "<style"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is left in %s", bad, got)
		}
	}
	if !strings.Contains(got, "color: red") || !strings.Contains(got, "<img") {
		t.Errorf("too much was taken: %s", got)
	}
}
