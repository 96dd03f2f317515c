//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"strings"
)

// secrets are what may not be found in a text: values that a test has seen, and whatever has the shape of one.
type secrets struct {
	parts map[string]string // of a value, to what it is
}

// shapes are those of the opaque strings of server/oauth/opaque and of what internal/fakegoogle issues. What stands before
// one of Google's is looked at, since its letters are also those of base64.
var shapes = []struct {
	what  string
	shape *regexp.Regexp
}{
	{"a token or code of Postern's", regexp.MustCompile(`mcp(?:at|rt|ac|cs|br|cf)_[A-Za-z0-9_-]{16,}`)},
	{"an access token of Google's", regexp.MustCompile(`(?:^|[^A-Za-z0-9+/_-])ya29\.[A-Za-z0-9_-]{16,}`)},
	{"a refresh token of Google's", regexp.MustCompile(`(?:^|[^A-Za-z0-9+/_-])1//[A-Za-z0-9_-]{20,}`)},
	{"a code of Google's", regexp.MustCompile(`(?:^|[^A-Za-z0-9+/_-])4/0A[A-Za-z0-9_-]{16,}`)},
}

// part is how much of a long value gives it away, in bytes.
const part = 16

// add makes a value known. Of a long one, its beginning and its end are looked for, so that it is found when it is cut.
func (s *secrets) add(what, value string) {
	if s.parts == nil {
		s.parts = map[string]string{}
	}
	if body := value[strings.LastIndexAny(value, "./_")+1:]; len(body) >= 2*part {
		value = body
	}
	if len(value) < 2*part {
		s.parts[value] = what
		return
	}
	s.parts[value[:part]], s.parts[value[len(value)-part:]] = what, what
}

// addText makes the lines of a mail known. Short ones are found anywhere; of a long one, its beginning and its end count.
func (s *secrets) addText(what, text string) {
	for line := range strings.Lines(strings.ReplaceAll(text, "{", "\n")) { // {…} stands for something in the sample mailbox
		if _, after, ok := strings.Cut(line, "}"); ok {
			line = after
		}
		line = strings.TrimSpace(line)
		if len(line) < part || !strings.Contains(line, " ") {
			continue
		}
		s.add(what, line[:min(len(line), 2*part-1)])
		s.add(what, line[max(0, len(line)-2*part+1):])
	}
}

// find says what it finds in a text, however it is written there, and of each the simplest way in which it is written.
func (s *secrets) find(text string) (found []string) {
	simplest := map[string]string{} // the form by what is found
	for form, text := range forms(text) {
		note := func(what string) {
			if before, ok := simplest[what]; !ok || len(form) < len(before) {
				simplest[what] = form
			}
		}
		for _, one := range shapes {
			if one.shape.MatchString(text) {
				note(one.what)
			}
		}
		for value, what := range s.parts {
			if strings.Contains(text, value) {
				note(what)
			}
		}
	}
	for what, form := range simplest {
		found = append(found, what+form)
	}
	slices.Sort(found)
	return found
}
