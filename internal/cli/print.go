package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"

	"postern/internal/tool"
)

// minColumn is the least width that the last column of a table is wrapped to.
const minColumn = 20

// printJSON prints v for programs. It may still land in a terminal, so what does not print is escaped, as JSON allows.
func (f *face) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := f.out.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON writes the characters that do not print as \u escapes. Outside of strings JSON has none of them.
func escapeJSON(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		switch {
		case r < 0x7f || unicode.IsPrint(r) || unicode.Is(unicode.Zs, r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// table prints rows in columns, under a head if it says anything. The last column is wrapped to the terminal.
func (f *face) table(head []string, rows [][]string) error {
	if strings.Join(head, "") != "" {
		rows = append([][]string{head}, rows...)
	}
	last := len(head) - 1
	widths := make([]int, last)
	for _, row := range rows {
		for i, cell := range row[:last] {
			widths[i] = max(widths[i], utf8.RuneCountInString(line(cell)))
		}
	}
	indent := 0
	for _, w := range widths {
		indent += w + 2
	}
	width := 0
	if w := f.width(); w > 0 {
		width = max(w-indent, minColumn)
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row[:last] {
			cell = line(cell)
			b.WriteString(cell + strings.Repeat(" ", widths[i]+2-utf8.RuneCountInString(cell)))
		}
		text := strings.Join(wrap(clean(row[last]), width), "\n"+strings.Repeat(" ", indent))
		b.WriteString(text)
		trimmed := strings.TrimRight(b.String(), " ")
		b.Reset()
		if _, err := fmt.Fprintln(f.out, trimmed); err != nil {
			return err
		}
	}
	return nil
}

// width is how many columns the terminal of the output has: $COLUMNS, else what the terminal says; 0 if it is none.
func (f *face) width() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if out, ok := f.out.(*os.File); ok {
		if n, _, err := term.GetSize(int(out.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// wrap breaks text into lines of at most width characters, at spaces where it can; 0 breaks only where the text does.
func wrap(s string, width int) []string {
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		r := []rune(l)
		for width > 0 && len(r) > width {
			at := width
			for at > 0 && r[at] != ' ' {
				at--
			}
			if at == 0 {
				at = width
			}
			out = append(out, strings.TrimRight(string(r[:at]), " "))
			r = r[at:]
			for len(r) > 0 && r[0] == ' ' {
				r = r[1:]
			}
		}
		out = append(out, string(r))
	}
	return out
}

// clean makes text from outside fit for a terminal: no control characters, so no escape sequences either.
func clean(s string) string { return tool.Clean(s) }

// line is clean for one line.
func line(s string) string { return tool.CleanLine(s) }

// age says how long ago a moment is.
func age(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// say prints text, wrapped to the terminal.
func (f *face) say(text string) {
	fmt.Fprintln(f.out, strings.Join(wrap(clean(text), f.width()), "\n"))
}

// moment is a time of day, with the date if that is not today's.
func moment(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 January 15:04")
}

// clip cuts text for a column.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
