package tool

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a text answer, in characters (runes).
const (
	DefaultChars = 12_000
	MaxChars     = 30_000
)

// Paging is embedded in the input of a tool that returns long text.
type Paging struct {
	Chars  int    `json:"max_chars,omitempty" jsonschema:"Most characters to return." default:"12000" min:"200" max:"30000"`
	Cursor string `json:"cursor,omitempty" jsonschema:"From an earlier answer, to continue it."`
}

// Limit returns the most characters that may be returned.
func (p Paging) Limit() int {
	if p.Chars <= 0 {
		return DefaultChars
	}
	return min(p.Chars, MaxChars)
}

// Cut returns the piece of text that the paging asks for, and a note that says how much there is and how to get the
// rest ("" if the whole text is returned). Pieces end at a line or a word where one is near. A cursor that Cut did
// not make is an error.
func (p Paging) Cut(text string) (piece, note string, err error) {
	start := 0
	if p.Cursor != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(p.Cursor, "c"))
		if err != nil || !strings.HasPrefix(p.Cursor, "c") || n < 0 {
			return "", "", Errorf("invalid_argument", "argument \"cursor\" is %q, which no answer of this tool gave", clip(p.Cursor, 60))
		}
		start = n
	}
	total := utf8.RuneCountInString(text)
	if start > 0 && start >= total {
		return "", "", Errorf("invalid_argument", "argument \"cursor\" is past the end: the text has %d characters", total)
	}
	rest := text[runeOffset(text, start):]
	limit := p.Limit()
	if total-start <= limit {
		if start > 0 {
			note = fmt.Sprintf("characters %d–%d of %d, the end", start+1, total, total)
		}
		return rest, note, nil
	}
	piece = rest[:runeOffset(rest, limit)]
	if i := strings.LastIndexByte(piece, '\n'); i > len(piece)*3/4 {
		piece = piece[:i+1]
	} else if i := strings.LastIndexByte(piece, ' '); i > len(piece)*3/4 {
		piece = piece[:i+1]
	}
	end := start + utf8.RuneCountInString(piece)
	return piece, fmt.Sprintf("characters %d–%d of %d; for the rest call again with cursor=\"c%d\"", start+1, end, total, end), nil
}

func runeOffset(s string, n int) int {
	if n <= 0 {
		return 0
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// JoinCursors makes the cursor of a merged answer from the cursors of the profiles that have more, by profile id. It
// returns "" if none has.
func JoinCursors(byProfile map[string]string) string {
	for id, c := range byProfile {
		if c == "" {
			delete(byProfile, id)
		}
	}
	if len(byProfile) == 0 {
		return ""
	}
	b, _ := json.Marshal(byProfile)
	return "all:" + base64.RawURLEncoding.EncodeToString(b)
}

// splitCursor undoes JoinCursors.
func splitCursor(c string) (map[string]string, error) {
	bad := Errorf("invalid_argument", `argument "cursor" is not from an earlier answer with profile "all"`)
	s, ok := strings.CutPrefix(c, "all:")
	if !ok {
		return nil, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, bad
	}
	m := map[string]string{}
	if json.Unmarshal(b, &m) != nil || len(m) == 0 {
		return nil, bad
	}
	return m, nil
}
