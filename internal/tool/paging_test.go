package tool

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCutPiecesAddUp(t *testing.T) {
	text := strings.Repeat("Grüße aus Köln, 漢字 und mehr.\n", 900)
	var got strings.Builder
	p := Paging{Chars: 2000}
	for range 100 {
		piece, note, err := p.Cut(text)
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(piece); n > 2000 {
			t.Fatalf("a piece has %d characters", n)
		}
		got.WriteString(piece)
		_, rest, more := strings.Cut(note, `cursor="`)
		if !more {
			break
		}
		p.Cursor, _, _ = strings.Cut(rest, `"`)
	}
	if got.String() != text {
		t.Errorf("the pieces make %d bytes, the text has %d", got.Len(), len(text))
	}
}

func TestCutShortTextNeedsNoNote(t *testing.T) {
	piece, note, err := Paging{}.Cut("short")
	if piece != "short" || note != "" || err != nil {
		t.Errorf("Cut = %q, %q, %v", piece, note, err)
	}
}

func TestCutRefusesForeignCursors(t *testing.T) {
	for _, c := range []string{"x", "c-1", "7", "c99999999999999999999", "c6"} {
		if _, _, err := (Paging{Cursor: c}).Cut("short"); err == nil {
			t.Errorf("cursor %q was taken", c)
		}
	}
}

func TestLimitHasACeiling(t *testing.T) {
	for in, want := range map[int]int{0: DefaultChars, 500: 500, 1 << 30: MaxChars} {
		if got := (Paging{Chars: in}).Limit(); got != want {
			t.Errorf("Limit(%d) = %d, want %d", in, got, want)
		}
	}
}

func TestCursorsOfProfilesComeBack(t *testing.T) {
	m, err := splitCursor(JoinCursors(map[string]string{"a": "1", "b": "", "c": "x"}))
	if err != nil || len(m) != 2 || m["a"] != "1" || m["c"] != "x" {
		t.Errorf("splitCursor = %v, %v", m, err)
	}
	if got := JoinCursors(map[string]string{"a": ""}); got != "" {
		t.Errorf("JoinCursors of nothing = %q", got)
	}
	for _, bad := range []string{"", "all:", "all:!!", "all:bnVsbA", "c12"} {
		if _, err := splitCursor(bad); err == nil {
			t.Errorf("cursor %q was taken", bad)
		}
	}
}
