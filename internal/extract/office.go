package extract

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/fumiama/go-docx"
	"github.com/thedatashed/xlsxreader"
)

// unpack opens an Office file after checking that it does not unpack to more than it may.
func unpack(data []byte) (*zip.Reader, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errors.New("the file is damaged, protected by a password, or of the old binary kind")
	}
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; total > maxUnpacked {
			return nil, fmt.Errorf("the file unpacks to more than %d MB", maxUnpacked>>20)
		}
	}
	return z, nil
}

func docxText(data []byte) (string, error) {
	z, err := unpack(data)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "word/document.xml" }) {
		return "", errors.New("the file is no document")
	}
	doc, err := docx.Parse(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", fmt.Errorf("reading the document: %w", err)
	}
	var b strings.Builder
	for _, item := range doc.Document.Body.Items {
		switch item := item.(type) {
		case *docx.Paragraph:
			b.WriteString(item.String() + "\n")
		case *docx.Table:
			for _, row := range item.TableRows {
				var cells []string
				for _, cell := range row.TableCells {
					var texts []string
					for _, p := range cell.Paragraphs {
						texts = append(texts, p.String())
					}
					cells = append(cells, strings.Join(texts, " "))
				}
				b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
			}
		}
	}
	return strings.TrimSpace(b.String()), nil
}

// maxRows is the most rows of one sheet that are read.
const maxRows = 20_000

func xlsxText(data []byte) (string, error) {
	z, err := unpack(data)
	if err != nil {
		return "", err
	}
	if err := withStyles(z); err != nil {
		return "", err
	}
	f, err := xlsxreader.NewReaderZip(z)
	if err != nil {
		return "", fmt.Errorf("reading the workbook: %w", err)
	}
	var b strings.Builder
	for _, sheet := range f.Sheets {
		if err := sheetText(&b, f, sheet); err != nil {
			fmt.Fprintf(&b, "[sheet %s cannot be read]\n", sheet)
		}
	}
	return strings.TrimSpace(b.String()), nil
}

// withStyles adds an empty style sheet to a workbook that has none: the reader wants one, the format does not.
func withStyles(z *zip.Reader) error {
	const name = "xl/styles.xml"
	if slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == name }) {
		return nil
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	part, err := w.Create(name)
	if err == nil {
		_, err = io.WriteString(part, `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	more, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err == nil {
		z.File = append(z.File, more.File...)
	}
	return err
}

// sheetText writes a sheet as CSV.
func sheetText(b *strings.Builder, f *xlsxreader.XlsxFile, sheet string) error {
	fmt.Fprintf(b, "## %s\n", sheet)
	out := csv.NewWriter(b)
	rows := f.ReadRows(sheet)
	defer func() { // the reader waits for every row to be taken
		for range rows {
		}
	}()
	n, at := 0, 0
	for row := range rows {
		if row.Error != nil {
			return row.Error
		}
		if n++; n > maxRows || b.Len() > maxText {
			out.Flush()
			fmt.Fprintf(b, "[the sheet has more rows]\n")
			break
		}
		for at++; at < row.Index && row.Index-at < 1000; at++ { // empty rows are left out of the file
			_ = out.Write([]string{""}) // its error is out.Error
		}
		at = row.Index
		var cells []string
		for _, c := range row.Cells {
			for i := c.ColumnIndex(); len(cells) < i && i < 16_384; {
				cells = append(cells, "")
			}
			cells = append(cells, c.Value)
		}
		_ = out.Write(cells)
	}
	out.Flush()
	b.WriteByte('\n')
	return out.Error()
}

// pptxText reads slides and their notes. A presentation is a zip of XML in which text stands in elements a:t of
// paragraphs a:p (ECMA-376 part 1, section 21.1.2); no kept library reads it.
func pptxText(data []byte) (string, error) {
	z, err := unpack(data)
	if err != nil {
		return "", err
	}
	type slide struct {
		number int
		file   *zip.File
	}
	var slides []slide
	notes := map[int]*zip.File{}
	for _, f := range z.File {
		dir, base := path.Split(f.Name)
		if n, ok := numbered(base, "slide"); ok && dir == "ppt/slides/" {
			slides = append(slides, slide{n, f})
		}
		if n, ok := numbered(base, "notesSlide"); ok && dir == "ppt/notesSlides/" {
			notes[n] = f
		}
	}
	if len(slides) == 0 {
		return "", errors.New("the file is no presentation")
	}
	slices.SortFunc(slides, func(a, b slide) int { return a.number - b.number })
	var b strings.Builder
	for _, s := range slides {
		text, err := drawingText(s.file)
		if err != nil {
			return "", fmt.Errorf("reading slide %d: %w", s.number, err)
		}
		fmt.Fprintf(&b, "## Slide %d\n%s\n", s.number, text)
		if f := notes[s.number]; f != nil {
			if text, err := drawingText(f); err == nil && text != "" {
				fmt.Fprintf(&b, "Notes: %s\n", text)
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String()), nil
}

// numbered reads the number of "slide12.xml".
func numbered(base, prefix string) (int, bool) {
	s, ok := strings.CutPrefix(base, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(s, ".xml"))
	return n, err == nil && strings.HasSuffix(s, ".xml")
}

func drawingText(f *zip.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	dec := xml.NewDecoder(io.LimitReader(r, maxUnpacked/4))
	var b strings.Builder
	inText := false
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return strings.TrimSpace(b.String()), nil
		}
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			if t.Name.Local == "br" {
				b.WriteByte('\n')
			}
		case xml.EndElement:
			inText = false
			if t.Name.Local == "p" {
				b.WriteByte('\n')
			}
		case xml.CharData:
			if inText {
				b.Write(t)
			}
		}
	}
}
