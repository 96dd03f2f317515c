package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"strings"
	"time"
)

// files makes small, real files of the kinds.
func files(kinds []string, subject string, at time.Time) []file {
	var out []file
	for _, k := range kinds {
		switch k {
		case "pdf":
			out = append(out, file{"document.pdf", "application/pdf", pdf(subject, "Sample document of "+at.Format("2 January 2006"), "Total: 1,240.00")})
		case "docx":
			out = append(out, file{"notes.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx(subject, "Present: Dana, Jonas, Mia.", "Decided: the waffle stand opens at two.")})
		case "xlsx":
			out = append(out, file{"figures.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx([][]string{{"Month", "New", "Churn"}, {"August", "41", "6"}, {"September", "38", "9"}, {"October", "52", "4"}})})
		case "pptx":
			out = append(out, file{"slides.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", pptx(subject, "Three maps, one ferry", "Questions")})
		case "csv":
			out = append(out, file{"records.csv", "text/csv", []byte("shelf mark,title,date\nHL-0012,Ferry at dawn,\nHL-0044,Crane no. 3,1931\nHL-0107,Unknown children,\n")})
		case "png":
			out = append(out, file{"photo.png", "image/png", picture()})
		case "eml":
			inner := mime{from: "Framer <shop@rahmen.example>", to: "tom.okafor@harbourlight.example", subject: "Invoice 2041", date: at.Add(-time.Hour), id: "framer", text: "Frame with museum glass: 480 euros.\nThank you."}
			out = append(out, file{"invoice.eml", "message/rfc822", inner.bytes()})
		}
	}
	return out
}

type member struct{ name, body string }

// pack makes an Office file. It is stored, not deflated: these are small, and starting is to be fast.
func pack(members ...member) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + m.body))
		}
		if err != nil {
			panic("demo: " + err.Error()) // writing to memory does not fail
		}
	}
	if err := z.Close(); err != nil {
		panic("demo: " + err.Error())
	}
	return b.Bytes()
}

const (
	relationships = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	officeRel     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

func types(parts ...string) member {
	var b strings.Builder
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	for i := 0; i < len(parts); i += 2 {
		fmt.Fprintf(&b, `<Override PartName=%q ContentType="application/vnd.openxmlformats-officedocument.%s+xml"/>`, parts[i], parts[i+1])
	}
	return member{"[Content_Types].xml", b.String() + "</Types>"}
}

func root(target string) member {
	return member{"_rels/.rels", `<Relationships ` + relationships + `><Relationship Id="rId1" Type="` + officeRel + `/officeDocument" Target="` + target + `"/></Relationships>`}
}

func docx(paragraphs ...string) []byte {
	var b strings.Builder
	for _, p := range paragraphs {
		b.WriteString(`<w:p><w:r><w:t xml:space="preserve">` + html.EscapeString(p) + `</w:t></w:r></w:p>`)
	}
	return pack(types("/word/document.xml", "wordprocessingml.document.main"), root("word/document.xml"),
		member{"word/_rels/document.xml.rels", `<Relationships ` + relationships + `></Relationships>`},
		member{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + b.String() + `</w:body></w:document>`})
}

func xlsx(rows [][]string) []byte {
	var b strings.Builder
	for r, row := range rows {
		fmt.Fprintf(&b, `<row r="%d">`, r+1)
		for c, cell := range row {
			fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+c, r+1, html.EscapeString(cell))
		}
		b.WriteString("</row>")
	}
	return pack(types("/xl/workbook.xml", "spreadsheetml.sheet.main", "/xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"), root("xl/workbook.xml"),
		member{"xl/_rels/workbook.xml.rels", `<Relationships ` + relationships + `><Relationship Id="rId1" Type="` + officeRel + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		member{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + officeRel + `"><sheets><sheet name="Figures" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		member{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + b.String() + `</sheetData></worksheet>`})
}

func pptx(slides ...string) []byte {
	members := []member{types("/ppt/presentation.xml", "presentationml.presentation.main"), root("ppt/presentation.xml"),
		{"ppt/presentation.xml", `<p:presentation xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"/>`}}
	for i, s := range slides {
		members = append(members, member{fmt.Sprintf("ppt/slides/slide%d.xml", i+1), `<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>` +
			html.EscapeString(s) + `</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>`})
	}
	return pack(members...)
}

// pdf writes one page of text, ISO 32000-1.
func pdf(lines ...string) []byte {
	var content strings.Builder
	content.WriteString("BT /F1 14 Tf 72 720 Td 20 TL ")
	for _, l := range lines {
		plain := strings.Map(func(r rune) rune {
			if r < 32 || r > 126 || strings.ContainsRune(`()\`, r) {
				return ' '
			}
			return r
		}, l)
		fmt.Fprintf(&content, "(%s) Tj T* ", plain)
	}
	content.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", content.Len(), content.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

// picture is a small sunset.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			c := color.RGBA{uint8(250 - 3*y), uint8(140 + 2*y), uint8(60 + 5*y), 255}
			if (x-24)*(x-24)+(y-18)*(y-18) < 40 {
				c = color.RGBA{255, 230, 120, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("demo: " + err.Error()) // writing to memory does not fail
	}
	return b.Bytes()
}
