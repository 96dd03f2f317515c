package extract

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// maxPages is the most pages of a PDF that are read.
const maxPages = 500

func pdfText(data []byte) (string, error) {
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, pdf.ErrInvalidPassword) {
		return "", errors.New("the PDF is protected by a password")
	}
	if err != nil {
		return "", fmt.Errorf("reading the PDF: %w", err)
	}
	var b strings.Builder
	pages := r.NumPage()
	for i := 1; i <= min(pages, maxPages) && b.Len() < maxText; i++ {
		text, err := pdfPage(r, i)
		if err != nil {
			fmt.Fprintf(&b, "[page %d cannot be read]\n\n", i)
			continue
		}
		if text = strings.TrimSpace(text); text != "" {
			if pages > 1 {
				fmt.Fprintf(&b, "[page %d of %d]\n", i, pages)
			}
			b.WriteString(text + "\n\n")
		}
	}
	if b.Len() == 0 {
		return "", errors.New("the PDF has no text, only pictures of it: take it as a file")
	}
	return strings.TrimSpace(b.String()), nil
}

// pdfPage reads one page, so that one broken page costs no other.
func pdfPage(r *pdf.Reader, i int) (text string, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the page is damaged")
		}
	}()
	page := r.Page(i)
	if page.V.IsNull() {
		return "", nil
	}
	return arranged(page.Content().Text), nil
}

// arranged joins the pieces of a page by where they stand: another height is another line, a gap is a space.
func arranged(pieces []pdf.Text) string {
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 {
			before := pieces[i-1]
			size := max(p.FontSize, 1)
			switch {
			case math.Abs(p.Y-before.Y) > size/2:
				b.WriteByte('\n')
			case p.X-(before.X+before.W) > size/5 && before.S != " " && p.S != " ":
				b.WriteByte(' ')
			}
		}
		b.WriteString(p.S)
	}
	return b.String()
}
