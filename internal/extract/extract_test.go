package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test the process that reads, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "read-file" {
		os.Exit(Work(os.Args[2], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func read(t *testing.T, name, mime string, data []byte) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return (&Reader{Command: []string{self, "read-file"}, Limit: 8 * time.Second}).Text(t.Context(), name, mime, data)
}

// pack makes a zip of names and contents.
func pack(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mustRead(t *testing.T, name string, data []byte) string {
	t.Helper()
	s, err := read(t, name, "application/octet-stream", data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func TestPlainTexts(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"a.txt", "Grüße", "Grüße"},
		{"a.txt", "\xef\xbb\xbfGrüße", "Grüße"},
		{"a.txt", "Gr\xfc\xdfe", "Grüße"},
		{"a.csv", "a,b\n1,2\n", "a,b\n1,2\n"},
		{"a.html", "<h1>Title</h1><p>Text<span style='display:none'>hidden</span></p>", "# Title\n\nText"},
		{"a.eml", "From: x@y.org\r\nSubject: Hello\r\n\r\nThe text.", "From: x@y.org\nSubject: Hello\n\nThe text.\n"},
	} {
		if got := mustRead(t, c.name, []byte(c.data)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if _, err := read(t, "a.txt", "", []byte("a\x00b")); err == nil {
		t.Error("bytes that are no text were read as text")
	}
	for _, name := range []string{"a.png", "a.exe", "a", "a.doc"} {
		if _, err := read(t, name, "application/octet-stream", []byte("x")); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
}

func TestPresentation(t *testing.T) {
	slide := func(s string) string {
		return `<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>` + s + `</a:t></a:r></a:p></p:sld>`
	}
	got := mustRead(t, "a.pptx", pack(t, "ppt/slides/slide10.xml", slide("last"), "ppt/slides/slide2.xml", slide("second &amp; more"), "ppt/slides/slide1.xml", slide("first"), "ppt/notesSlides/notesSlide1.xml", slide("remember"), "ppt/slides/_rels/slide1.xml.rels", "x"))
	if want := "## Slide 1\nfirst\nNotes: remember\n\n## Slide 2\nsecond & more\n\n## Slide 10\nlast"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDamagedFilesAreErrors(t *testing.T) {
	for _, name := range []string{"a.pdf", "a.docx", "a.xlsx", "a.pptx"} {
		for what, data := range map[string][]byte{"nothing": nil, "noise": []byte(strings.Repeat("noise ", 500)), "half a zip": pack(t, "x", "y")[:20], "another zip": pack(t, "x", "y"), "a head alone": []byte("%PDF-1.4\n1 0 obj\n<<")} {
			if s, err := read(t, name, "", data); err == nil {
				t.Errorf("%s of %s: %q", name, what, s)
			}
		}
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	bomb := pack(t, "word/document.xml", strings.Repeat("0", maxUnpacked+1))
	if len(bomb) > 2<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	began := time.Now()
	for _, name := range []string{"a.docx", "a.xlsx", "a.pptx"} {
		if _, err := read(t, name, "", bomb); err == nil || !strings.Contains(err.Error(), "unpacks to more") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
}

func TestMuchTextIsCut(t *testing.T) {
	got := mustRead(t, "a.txt", bytes.Repeat([]byte("word "), maxText/4))
	if len(got) > maxText+100 || !strings.Contains(got, "[cut") {
		t.Errorf("%d bytes", len(got))
	}
	if _, err := read(t, "a.txt", "", make([]byte, MaxInput+1)); err == nil {
		t.Error("a file over the limit was read")
	}
}

// page makes a PDF of one page with that content.
func page(content string) []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, at)
	return b.Bytes()
}

func TestPDFLines(t *testing.T) {
	for name, content := range map[string]string{
		"next line":        "BT /F1 12 Tf 72 700 Td 14 TL (First line) Tj T* (Second line) Tj ET",
		"moved":            "BT /F1 12 Tf 72 700 Td (First line) Tj 0 -14 Td (Second line) Tj ET",
		"placed":           "BT /F1 12 Tf 1 0 0 1 72 700 Tm (First line) Tj 1 0 0 1 72 686 Tm (Second line) Tj ET",
		"two text objects": "BT /F1 12 Tf 72 700 Td (First line) Tj ET BT /F1 12 Tf 72 686 Td (Second line) Tj ET",
	} {
		if got := mustRead(t, "a.pdf", page(content)); got != "First line\nSecond line" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, err := read(t, "a.pdf", "", page("")); err == nil || !strings.Contains(err.Error(), "no text") {
		t.Errorf("a page without text: %v", err)
	}
}

func TestOfficeFiles(t *testing.T) {
	const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
	book := pack(t, "xl/_rels/workbook.xml.rels", rels,
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sums" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a, b</t></is></c><c r="C1"><v>3.5</v></c></row><row r="3"><c r="B3"><v>7</v></c></row></sheetData></worksheet>`)
	if got, want := mustRead(t, "a.xlsx", book), "## Sums\n\"a, b\",,3.5\n\n,7"; got != want {
		t.Errorf("a workbook: %q, want %q", got, want)
	}
	const w = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`
	doc := pack(t, "[Content_Types].xml", "<Types/>", "_rels/.rels", rels, "word/_rels/document.xml.rels", rels,
		"word/document.xml", w+`<w:p><w:r><w:t>One </w:t></w:r><w:r><w:t>line</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>`)
	if got := mustRead(t, "a.docx", doc); !strings.Contains(got, "One line") || !strings.Contains(got, "| a | b |") {
		t.Errorf("a document: %q", got)
	}
}

// Each of these ended the process, or never ended.
func TestFilesThatDoHarm(t *testing.T) {
	const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
	book := pack(t, "xl/_rels/workbook.xml.rels", rels,
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c t="s" r="A1"><v>-1</v></c></row></sheetData></worksheet>`)
	circle := bytes.Replace(page("x"), []byte("/Kids [3 0 R]"), []byte("/Kids [2 0 R]"), 1)
	for name, data := range map[string][]byte{
		"negative.xlsx": book,
		"circle.pdf":    circle,
		"nested.pdf":    page(strings.Repeat("[", 20_000_000)),
		"nested.ics":    []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:VEVENT\r\n", 1_000_000)),
		"parts.eml":     []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 200_000) + "--b--"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := read(t, name, "", data); err == nil && name != "nested.ics" {
				t.Errorf("it reads %.100q", s)
			}
		})
	}
}

func TestReadingIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Reader{Command: []string{self, "read-file"}}).Text(ctx, "a.txt", "", []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
