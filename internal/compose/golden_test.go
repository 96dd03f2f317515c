package compose

import (
	"bytes"
	"flag"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jhillyerd/enmime/v2"
)

var update = flag.Bool("update", false, "write the golden files anew")

// at is the moment of all golden mails: boundaries are made of the content, so nothing else can differ.
var at = time.Date(2026, 11, 23, 9, 30, 0, 0, time.FixedZone("", 3600))

func golden(t *testing.T) map[string]func() ([]byte, error) {
	t.Helper()
	html, text, err := FromMarkdown("Dear **all**,\n\n1. one\n2. [two](https://example.org/?a=1&b=2)\n\n> so it was\n\n<script>alert(1)</script>\n\nGrüße 😀 " + strings.Repeat("and so on ", 120))
	if err != nil {
		t.Fatal(err)
	}
	base := Mail{
		Date: at, From: mail.Address{Name: "Ada Löv", Address: "ada@example.com"}, To: []mail.Address{{Name: "Özil, Jürgen", Address: "j@xn--exmple-cua.org"}, {Address: "b@example.org"}},
		Subject: "Grüße 😀 from the boat", MessageID: "<one@example.com>", Text: text, HTML: html,
	}
	with := func(change func(*Mail), files ...File) func() ([]byte, error) {
		m := base
		change(&m)
		return func() ([]byte, error) { return m.Build(files...) }
	}
	same := func(*Mail) {}
	return map[string]func() ([]byte, error){
		"plain":       with(func(m *Mail) { m.HTML, m.Text, m.Subject = "", "A line.\n\nAnother.\n", "Plain" }),
		"alternative": with(same),
		"reply": with(func(m *Mail) {
			m.InReplyTo, m.References, m.Bcc = "<b@example.org>", []string{"<a@example.org>", "<b@example.org>"}, []mail.Address{{Address: "boss@example.com"}}
		}),
		"files": with(same, File{Name: "Übersicht 2026.csv", MIME: "text/csv", Data: []byte("a,ä\n1,2\n")},
			File{Name: "old.eml", MIME: "message/rfc822", Data: []byte("From: z@example.org\r\nSubject: old\r\n\r\nas it was\r\n")},
			File{Name: "wide.eml", MIME: "message/rfc822", Data: []byte("From: z@example.org\r\n\r\nGrüße\r\n")},
			File{Name: "raw.bin", MIME: "nonsense", Data: []byte{0, 1, 2, 255}}),
		"picture": with(func(m *Mail) { m.HTML = `<p>Look:</p><img src="cid:boat" alt="a boat">` }, File{Name: "boat.png", MIME: "image/png", ContentID: "boat", Data: []byte("\x89PNG\r\n\x1a\n")}, File{Name: "a.txt", MIME: "text/plain", Data: []byte("a")}),
	}
}

func TestGoldenMails(t *testing.T) {
	for name, build := range golden(t) {
		raw, err := build()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		path := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		wellFormed(t, name, raw)
	}
}

// wellFormed reads a mail with two readers that are not ours.
func wellFormed(t *testing.T, name string, raw []byte) {
	t.Helper()
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(raw, line) {
			t.Errorf("%s: no line of RFC 5322 section 2.1: %.60q", name, line)
		}
		if i := bytes.IndexFunc(line, func(r rune) bool { return r > 127 }); i >= 0 && !bytes.Contains(raw, []byte("8bit")) {
			t.Errorf("%s: a byte outside ASCII: %.60q", name, line)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if date, err := m.Header.Date(); err != nil || !date.Equal(at) {
		t.Errorf("%s: Date %v, %v", name, date, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 2 || to[0].Name != "Özil, Jürgen" || to[0].Address != "j@xn--exmple-cua.org" {
		t.Errorf("%s: To %v, %v", name, to, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		if _, err := multipart.NewReader(m.Body, params["boundary"]).NextPart(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := reader().ReadEnvelope(bytes.NewReader(raw))
	if err != nil || len(e.Errors) > 0 {
		t.Errorf("%s: %v %v", name, err, e.Errors)
	}
}

// reader takes a part at its word: by its guesses, enmime reads UTF-8 with few letters outside ASCII as windows-1252.
func reader() *enmime.Parser { return enmime.NewParser(enmime.DisableCharacterDetection(true)) }

func TestGoldenMailsSayWhatWasGiven(t *testing.T) {
	read := func(name string) *enmime.Envelope {
		raw, err := golden(t)[name]()
		if err != nil {
			t.Fatal(err)
		}
		e, err := reader().ReadEnvelope(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	a := read("alternative")
	if a.GetHeader("Subject") != "Grüße 😀 from the boat" || !strings.Contains(a.HTML, "<strong>all</strong>") || strings.Contains(a.HTML, "<script>") || !strings.Contains(a.Text, "> so it was") || !strings.Contains(a.Text, "Grüße 😀") {
		t.Errorf("alternative: %q\n%s\n%s", a.GetHeader("Subject"), a.HTML, a.Text)
	}
	files := read("files").Attachments
	if len(files) != 4 || files[0].FileName != "Übersicht 2026.csv" || files[1].ContentType != "message/rfc822" || files[2].ContentType != "application/octet-stream" || !bytes.Contains(files[2].Content, []byte("Grüße")) || !bytes.Equal(files[3].Content, []byte{0, 1, 2, 255}) {
		t.Errorf("files: %+v", files)
	}
	picture := read("picture")
	if len(picture.Inlines) != 1 || picture.Inlines[0].ContentID != "boat" || len(picture.Attachments) != 1 || !bytes.Equal(picture.Inlines[0].Content, []byte("\x89PNG\r\n\x1a\n")) {
		t.Errorf("picture: %+v %+v", picture.Inlines, picture.Attachments)
	}
}
