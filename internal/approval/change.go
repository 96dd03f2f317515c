package approval

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Change is what is other in one thing that a preview shows.
type Change struct {
	Name  string `json:"name"`  // as Edit.Name
	Title string `json:"title"` // for people
	Lines []Line `json:"lines"`
	More  int    `json:"more,omitempty"` // how many lines follow that are not here: the preview has the whole of what it is now
}

// Line is one line of a Change.
type Line struct {
	Sign   string `json:"sign,omitempty"`   // Removed, Added, or "" for one that stays
	Text   string `json:"text,omitempty"`   // shortened if it is very long
	Folded int    `json:"folded,omitempty"` // instead of a text: so many lines stay that are not here
}

// The signs of a Line.
const (
	Removed = "-"
	Added   = "+"
)

// The most of a Change that is kept.
const (
	maxChangeLines = 200
	maxLineChars   = 2000
)

// Compare returns what is other in is than in was, by Edit.Name.
func Compare(was, is []Edit) []Change {
	before := map[string]string{}
	for _, e := range was {
		before[e.Name] = e.Value
	}
	var all []Change
	for _, e := range is {
		if old, ok := before[e.Name]; ok && old != e.Value {
			c := Change{Name: e.Name, Title: e.Title}
			c.Lines, c.More = compare(old, e.Value)
			all = append(all, c)
		}
	}
	return all
}

// compare returns the lines of two texts, those that stay only near others.
func compare(was, is string) (lines []Line, more int) {
	old := ended(was)
	unified := strings.Split(strings.TrimSuffix(string(diff.Diff("", old, "", ended(is))), "\n"), "\n")
	next := 1                                          // the line of was that is to come
	for _, l := range unified[min(3, len(unified)):] { // behind the head
		var at, count int
		if n, _ := fmt.Sscanf(l, "@@ -%d,%d", &at, &count); n == 2 {
			if count > 0 && at > next {
				lines, next = append(lines, Line{Folded: at - next}), at
			}
			continue
		}
		sign, text := strings.TrimSpace(l[:1]), l[1:]
		if r := []rune(text); len(r) > maxLineChars {
			text = string(r[:maxLineChars]) + "…"
		}
		lines = append(lines, Line{Sign: sign, Text: text})
		if sign != Added {
			next++
		}
	}
	if rest := bytes.Count(old, []byte("\n")) - next + 1; rest > 0 {
		lines = append(lines, Line{Folded: rest})
	}
	if len(lines) > maxChangeLines {
		lines, more = lines[:maxChangeLines], len(lines)-maxChangeLines
	}
	return lines, more
}

// ended returns a text in whole lines.
func ended(s string) []byte {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return []byte(s)
}
