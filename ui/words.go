package ui

import (
	"strings"
	"time"
	"unicode/utf8"

	"postern/internal/tool"
	"postern/ui/text"
)

// The longest that texts from outside are shown.
const (
	longestName = 64
	longestLine = 200
	longestText = 600
	// longestLines is how many lines a text of several has.
	longestLines = 20
)

// plain makes one line of a text from outside that shows nothing but itself, of at most so many characters.
func plain(s string, longest int) string {
	s = strings.TrimSpace(tool.CleanLine(s))
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}

// several is plain for a text of several lines.
func several(s string) string {
	lines := strings.Split(s, "\n")
	if len(lines) > longestLines {
		lines = append(lines[:longestLines-1:longestLines-1], "…")
	}
	for i, l := range lines {
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if len(indent) > 12 {
			indent = indent[:12]
		}
		lines[i] = strings.ReplaceAll(indent, "\t", "  ") + plain(l, longestLine)
	}
	return strings.Join(lines, "\n")
}

// name is plain for what something is called; "" has a name, too.
func name(s string) string {
	if s = plain(s, longestName); s == "" {
		return text.T("window.nameless")
	}
	return s
}

// sentence makes a sentence of an error.
func sentence(err error) string {
	return text.Sentence(plain(err.Error(), longestText))
}

// ago says how long ago something was.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return text.T("window.never")
	case d < time.Minute:
		return text.T("window.just_now")
	case d < time.Hour:
		return text.N("window.minutes_ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return text.N("window.hours_ago", int(d/time.Hour))
	}
	return day(t, now)
}

// day is a date as people write it.
func day(t, now time.Time) string { return t.In(now.Location()).Format(text.T("window.date")) }

// clock is the time of a day, with the day if it is another.
func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format(text.T("window.time"))
	}
	return t.Format(text.T("window.date_and_time"))
}

// until says until when something lasts.
func until(t, now time.Time) string {
	if t.IsZero() {
		return text.T("window.until_revoked")
	}
	return text.T("window.until", text.Values{"Time": ends(t, now)})
}

// ends says when something ends.
func ends(t, now time.Time) string {
	switch {
	case t.IsZero():
		return text.T("window.you_revoke")
	case t.Sub(now) < 48*time.Hour:
		return clock(t, now)
	}
	return day(t, now)
}

// joined is a list in one line.
func joined(all []string) string { return strings.Join(all, text.T("window.comma")) }
