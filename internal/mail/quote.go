package mail

import (
	"regexp"
	"strings"
	"sync"
)

// forwardMark begins a forwarded mail in the text of common clients.
var forwardMark = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?mi)^[ >]*\\?-{2,}\\? ?(forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|転送メッセージ)|^[ >]*begin forwarded message:`)
})

// attribution is the line above a quotation: "On …, Ada wrote:" in the languages of the common clients. It may be broken
// over two lines, which are joined before it is tried.
var attribution = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(` + strings.Join([]string{
		`on\b.{4,200}\bwrote\s?:`, `am\b.{4,200}\bschrieb\b.{0,100}:`, `le\b.{4,200}\ba écrit\s?:`, `el\b.{4,200}\bescribió\s?:`, `il\b.{4,200}\bha scritto\s?:`,
		`op\b.{4,200}\bschreef\b.{0,100}:`, `em\b.{4,200}\bescreveu\s?:`, `w dniu\b.{4,200}(napisał\(?a?\)?|pisze)\s?:`, `den\b.{4,200}\bskrev\b.{0,100}:`, `dne\b.{4,200}\bnapsala?\s?:`,
		`\d{4}年\d{1,2}月\d{1,2}日.{0,200}[:：]`, `.{4,200}님이 작성\s?:`, `.{4,200}写道[:：]`, `.{4,120}<[^>\s]+@[^>\s]+>\s?(wrote|schrieb|a écrit|escribió|ha scritto)?\s?:`,
	}, "|") + `)\s*$`)
})

// separator is the line that Outlook and others set above the mail that is answered.
var separator = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(\\?-{3,}\s*(original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original)\s*\\?-{3,}|_{20,}|\\?_{20,})\s*$`)
})

// outlook is the first line of the header block that Outlook sets there instead.
var (
	outlookFrom = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*\**(from|von|de|da|van|från|od)\s?:\**\s?.+`)
	})
	outlookSent = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*\**(sent|date|gesendet|datum|envoyé|enviado|enviado el|inviato|verzonden|skickat|data)\s?:\**\s?.+`)
	})
)

var mobile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(sent from my .{2,40}|von meinem .{2,40} gesendet|envoyé de mon .{2,40}|enviado desde mi .{2,40}|inviato da .{2,40}|get outlook for (ios|android).*)\s*$`)
})

// StripQuoted returns what the writer of a mail has written: without the quoted history below, and without the
// signature. Quotations that are answered line by line stay, and so do forwarded mails.
func StripQuoted(text string) string {
	lines := strings.Split(text, "\n")
	forwarded := len(lines)
	for i, line := range lines {
		if (strings.Contains(line, "--") || strings.Contains(line, ":")) && forwardMark().MatchString(line) {
			forwarded = i
			break
		}
	}
	own, rest := lines[:forwarded], lines[forwarded:]
	own = stripSignature(stripHistory(own))
	out := strings.TrimSpace(strings.Join(own, "\n"))
	if len(rest) > 0 {
		out = strings.TrimSpace(out + "\n\n" + strings.Join(rest, "\n"))
	}
	if out == "" {
		return strings.TrimSpace(text) // nothing but a quotation: better that than nothing
	}
	return out
}

func stripHistory(lines []string) []string {
	last := lastOwn(lines)
	for i, line := range lines {
		if !strings.ContainsAny(line, ":：") && !strings.Contains(line, "---") && !strings.Contains(line, "___") && !opens(lines, i) {
			continue // as almost every line: the expressions take their time
		}
		if separator().MatchString(line) && (i+1 < len(lines)) && headerAhead(lines[i+1:]) || outlookFrom().MatchString(line) && i > 0 && blank(lines[i-1]) && outlookHeader(lines[i:]) {
			return lines[:i]
		}
		span := attributionAt(lines, i)
		if span > 0 && last < i+span { // nothing follows but the quotation
			return lines[:i]
		}
	}
	end := len(lines)
	for end > 0 && (blank(lines[end-1]) || quoted(lines[end-1])) {
		end--
	}
	if end < len(lines) && hasQuoted(lines[end:]) {
		return lines[:end]
	}
	return lines
}

// opens reports whether one of the two lines after i ends as an attribution does.
func opens(lines []string, i int) bool {
	for _, next := range lines[min(i+1, len(lines)):min(i+3, len(lines))] {
		if next = strings.TrimSpace(next); strings.HasSuffix(next, ":") || strings.HasSuffix(next, "：") {
			return true
		}
	}
	return false
}

// attributionAt returns how many lines the attribution at i takes, 0 if there is none.
func attributionAt(lines []string, i int) int {
	joined := ""
	for n := 1; n <= 3 && i+n <= len(lines); n++ {
		if blank(lines[i+n-1]) {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + strings.TrimSpace(lines[i+n-1]))
		if len(joined) > 600 {
			return 0
		}
		if (strings.HasSuffix(joined, ":") || strings.HasSuffix(joined, "：")) && attribution().MatchString(joined) {
			return n
		}
	}
	return 0
}

// lastOwn returns the index of the last line that is neither quoted nor blank nor of the signature, -1 if there is none.
func lastOwn(lines []string) int {
	for i := len(stripSignature(lines)) - 1; i >= 0; i-- {
		if !quoted(lines[i]) && !blank(lines[i]) {
			return i
		}
	}
	return -1
}

func headerAhead(lines []string) bool {
	for i := 0; i < len(lines) && i < 4; i++ {
		if outlookFrom().MatchString(lines[i]) {
			return true
		}
	}
	return false
}

// outlookHeader reports a From line that is soon followed by a Sent line.
func outlookHeader(lines []string) bool {
	for i := 1; i < len(lines) && i <= 4; i++ {
		if outlookSent().MatchString(lines[i]) {
			return true
		}
	}
	return false
}

// stripSignature cuts at the line "-- " of RFC 3676 section 4.3, and the line that telephones add.
func stripSignature(lines []string) []string {
	for i := len(lines) - 1; i >= 0 && i >= len(lines)-30; i-- {
		switch strings.TrimRight(lines[i], "\r") {
		case "-- ", "--", `\--`, `\-- `:
			return lines[:i]
		}
	}
	end := len(lines)
	for end > 0 && blank(lines[end-1]) {
		end--
	}
	if end > 0 && mobile().MatchString(lines[end-1]) {
		return lines[:end-1]
	}
	return lines
}

func quoted(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), ">") }
func blank(line string) bool  { return strings.TrimSpace(line) == "" }

func hasQuoted(lines []string) bool {
	for _, l := range lines {
		if quoted(l) {
			return true
		}
	}
	return false
}
