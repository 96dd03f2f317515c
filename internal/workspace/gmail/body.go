package gmail

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postern/internal/approval"
	"postern/internal/compose"
	"postern/internal/mail"
	"postern/internal/tool"
)

// maxQuotedHTML is the most bytes of HTML of the original that a reply or forward repeats as they are.
const maxQuotedHTML = 200_000

// bodies returns the texts of a mail that are not attached, in order, by their kind.
func bodies(p *mail.Part) (plain, rich []string) {
	if p.Name == "" && p.Disposition != "attachment" {
		switch p.MIME {
		case "text/plain":
			plain = append(plain, strings.ReplaceAll(strings.ToValidUTF8(string(p.Data), "\uFFFD"), "\r\n", "\n"))
		case "text/html":
			rich = append(rich, string(p.Data))
		}
	}
	if p.MIME == "message/rfc822" {
		return plain, rich
	}
	for _, child := range p.Parts {
		childPlain, childRich := bodies(child)
		plain, rich = append(plain, childPlain...), append(rich, childRich...)
	}
	return plain, rich
}

// quotable returns the text of a mail to be repeated to others, and the same as HTML. What is repeated is what a reader
// sees: the text is made of the HTML, so that both say the same.
func quotable(root *mail.Part) (text, rich string) {
	if _, all := bodies(root); len(all) == 1 && len(all[0]) <= maxQuotedHTML {
		if seen, ok := mail.VisibleHTML([]byte(all[0])); ok {
			rich = compose.CleanHTML(tool.Clean(string(seen)))
			if text, _ := mail.Plain([]byte(rich)); strings.TrimSpace(text) != "" && len(text) <= maxQuoted {
				return tool.Clean(text), rich
			}
		}
	}
	text = tool.Clean(mail.Read(root, mail.Options{Quoted: true}).Text)
	if r := []rune(text); len(r) > maxQuoted {
		text = string(r[:maxQuoted]) + "\n[…]"
	}
	return text, asHTML(text)
}

// safeHTML returns HTML from a client without what a reader would not see, and without what a mail must not hold.
func safeHTML(s string) (string, error) {
	seen, ok := mail.VisibleHTML([]byte(tool.Clean(s)))
	if !ok {
		return "", tool.Errorf("invalid_argument", "argument \"body_html\" is too large or nested too deeply: make it simpler, or pass body_md")
	}
	return compose.CleanHTML(string(seen)), nil
}

// oddities says where a draft shows one reader something else than another, or the owner less than its readers, and
// returns what else it holds. shown is the text that the owner is shown.
func oddities(root *mail.Part, shown string) (warnings []approval.Text, more string) {
	plain, rich := bodies(root)
	for _, h := range rich {
		seen, ok := mail.VisibleHTML([]byte(h))
		switch {
		case !ok:
			warnings = append(warnings, approval.Say("draft.unchecked", "Its HTML is too large or nested too deeply to be checked for hidden text"))
		case letters(h) != letters(string(seen)):
			warnings = append(warnings, approval.Say("draft.hidden", "Its HTML holds text that is hidden from readers: look at the draft in Gmail"))
		}
		if !holds(shown, string(seen)) {
			warnings = append(warnings, approval.Say("draft.partly", "Not all of its text could be shown here: look at the draft in Gmail"))
		}
	}
	if len(rich) == 0 {
		return warnings, ""
	}
	known := words(shown)
	for _, p := range plain {
		for w := range words(p) {
			if !known[w] {
				return append(warnings, approval.Say("draft.twofold", "Its plain-text version says something else than its formatted version: both are shown")),
					"---- Plain-text version ----\n" + strings.TrimSpace(strings.Join(plain, "\n\n"))
			}
		}
	}
	return warnings, ""
}

func words(s string) map[string]bool {
	out := map[string]bool{"image": true, "cid": true} // as Gmail writes for a picture
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		out[w] = true
	}
	return out
}

// holds reports whether every letter of HTML's text stands in what is shown, in order.
func holds(shown, src string) bool {
	rest := []rune(letters(src))
	for _, r := range shown {
		if len(rest) > 0 && r == rest[0] {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

// letters returns the letters and digits of HTML's text, hidden or not.
func letters(src string) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader([]byte(src)))
	skip := atom.Atom(0)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == atom.Script || a == atom.Style || a == atom.Title {
				skip = a
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if atom.Lookup(name) == skip {
				skip = 0
			}
		case html.TextToken:
			if skip != 0 {
				continue
			}
			for _, r := range string(z.Text()) {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					b.WriteRune(r)
				}
			}
		}
	}
}
