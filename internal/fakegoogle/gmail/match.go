package gmail

import (
	"strconv"
	"strings"
	"time"
)

// searcher turns a parsed query into a test of messages, in the words of one mailbox.
type searcher struct {
	box *mailbox
	now time.Time

	trash, spam bool // the query asked for them itself
}

type predicate func(*message) bool

func (s *searcher) compile(n *node, negated bool) predicate {
	switch n.kind {
	case not:
		inner := s.compile(n.kids[0], !negated)
		return func(m *message) bool { return !inner(m) }
	case term:
		return s.term(n.op, n.value, negated)
	}
	var kids []predicate
	for _, k := range n.kids {
		kids = append(kids, s.compile(k, negated))
	}
	some := n.kind == anyOf
	return func(m *message) bool {
		for _, k := range kids {
			if k(m) == some {
				return some
			}
		}
		return !some
	}
}

func (s *searcher) term(op, value string, negated bool) predicate {
	switch op {
	case "from", "to", "cc", "bcc":
		return s.person(op, value)
	case "subject":
		return phraseIn(value, func(m *message) string { return m.doc().subject })
	case "list":
		return phraseIn(value, func(m *message) string { return m.doc().list })
	case "deliveredto":
		return phraseIn(value, func(m *message) string { return m.doc().delivered })
	case "label":
		return s.label(value, negated)
	case "in":
		return s.place(strings.ToLower(value), negated)
	case "is":
		return s.state(strings.ToLower(value), negated)
	case "category":
		return category(strings.ToLower(value))
	case "has":
		return s.having(strings.ToLower(value))
	case "filename":
		return file(fold(value))
	case "rfc822msgid":
		want := strings.Trim(value, "<>")
		return func(m *message) bool { return strings.Trim(m.messageID(), "<>") == want }
	case "larger", "size":
		n, ok := bytesOf(value)
		return func(m *message) bool { return ok && int64(len(m.raw)) >= n }
	case "smaller":
		n, ok := bytesOf(value)
		return func(m *message) bool { return ok && int64(len(m.raw)) < n }
	case "after", "newer":
		t, ok := s.day(value)
		return func(m *message) bool { return ok && m.date >= t }
	case "before", "older":
		t, ok := s.day(value)
		return func(m *message) bool { return ok && m.date < t }
	case "newer_than":
		t, ok := s.ago(value)
		return func(m *message) bool { return ok && m.date >= t }
	case "older_than":
		t, ok := s.ago(value)
		return func(m *message) bool { return ok && m.date < t }
	}
	phrase := words(value)
	if phrase == " " { // only punctuation: Gmail ignores it
		return func(*message) bool { return true }
	}
	return func(m *message) bool { return m.contains(phrase) }
}

func phraseIn(value string, text func(*message) string) predicate {
	phrase := words(value)
	return func(m *message) bool { return strings.Contains(text(m), phrase) }
}

// person matches names and addresses. "to" means any recipient, as in Gmail; "me" is any address of the account.
func (s *searcher) person(op, value string) predicate {
	phrases := []string{words(value)}
	if strings.EqualFold(value, "me") {
		phrases = nil
		for _, a := range s.box.addresses() {
			phrases = append(phrases, words(a))
		}
	}
	return func(m *message) bool {
		d := m.doc()
		var text string
		switch op {
		case "from":
			text = d.from
		case "cc":
			text = d.cc
		case "bcc":
			text = d.bcc
		default:
			text = d.to + "\x00" + d.cc + "\x00" + d.bcc
		}
		for _, p := range phrases {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
}

func (s *searcher) label(value string, negated bool) predicate {
	id := s.box.labelFor(value)
	s.asked(id, negated)
	return func(m *message) bool { return id != "" && m.has(id) }
}

// asked notes that the query itself names trash or spam, which then are not left out.
func (s *searcher) asked(label string, negated bool) {
	if negated {
		return
	}
	s.trash = s.trash || label == "TRASH"
	s.spam = s.spam || label == "SPAM"
}

func (s *searcher) place(where string, negated bool) predicate {
	switch where {
	case "anywhere":
		s.asked("TRASH", negated)
		s.asked("SPAM", negated)
		return func(*message) bool { return true }
	case "all", "allmail":
		return func(*message) bool { return true }
	case "draft", "drafts":
		return func(m *message) bool { return m.has("DRAFT") }
	case "chat", "chats":
		return func(m *message) bool { return m.has("CHAT") }
	case "archive":
		return func(m *message) bool {
			for _, l := range []string{"INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "CHAT"} {
				if m.has(l) {
					return false
				}
			}
			return true
		}
	case "bin":
		where = "trash"
	case "junk":
		where = "spam"
	case "snoozed":
		return func(*message) bool { return false }
	}
	return s.label(where, negated)
}

func (s *searcher) state(what string, negated bool) predicate {
	switch what {
	case "read":
		return func(m *message) bool { return !m.has("UNREAD") }
	case "unread", "starred", "important", "sent", "chat", "inbox", "spam", "trash":
		id := strings.ToUpper(what)
		s.asked(id, negated)
		return func(m *message) bool { return m.has(id) }
	case "draft":
		return func(m *message) bool { return m.has("DRAFT") }
	}
	return func(*message) bool { return false } // snoozed and muted leave no trace in the API's labels
}

func category(name string) predicate {
	if name == "primary" || name == "personal" {
		return func(m *message) bool {
			if m.has("CATEGORY_PERSONAL") {
				return true
			}
			for _, l := range m.labels {
				if strings.HasPrefix(l, "CATEGORY_") {
					return false
				}
			}
			return m.has("INBOX")
		}
	}
	id := "CATEGORY_" + strings.ToUpper(name)
	return func(m *message) bool { return m.has(id) }
}

func (s *searcher) having(what string) predicate {
	links := map[string][]string{
		"drive":        {"drive.google.com/", "docs.google.com/"},
		"document":     {"docs.google.com/document/"},
		"spreadsheet":  {"docs.google.com/spreadsheets/"},
		"presentation": {"docs.google.com/presentation/"},
		"youtube":      {"youtube.com/watch", "youtu.be/"},
	}
	switch what {
	case "attachment", "attachments":
		return func(m *message) bool { return m.fullDoc().attached }
	case "userlabels":
		return func(m *message) bool { return userLabelled(m) }
	case "nouserlabels":
		return func(m *message) bool { return !userLabelled(m) }
	case "yellow-star":
		return func(m *message) bool { return m.has("STARRED") }
	}
	wanted := links[what]
	return func(m *message) bool {
		for _, w := range wanted {
			if strings.Contains(m.fullDoc().links, w) {
				return true
			}
		}
		return false
	}
}

func userLabelled(m *message) bool {
	for _, l := range m.labels {
		if strings.HasPrefix(l, userLabelPrefix) {
			return true
		}
	}
	return false
}

// file matches a whole name, an extension or words of the name.
func file(value string) predicate {
	phrase := words(value)
	return func(m *message) bool {
		for _, name := range m.fullDoc().files {
			if name == value || strings.HasSuffix(name, "."+strings.TrimPrefix(value, ".")) || phrase != " " && strings.Contains(words(name), phrase) {
				return true
			}
		}
		return false
	}
}

// bytesOf reads 1000000, 500k, 10M or 10MB.
func bytesOf(value string) (int64, bool) {
	v := strings.TrimSuffix(strings.ToLower(value), "b")
	factor := int64(1)
	switch {
	case strings.HasSuffix(v, "k"):
		factor = 1 << 10
	case strings.HasSuffix(v, "m"):
		factor = 1 << 20
	case strings.HasSuffix(v, "g"):
		factor = 1 << 30
	}
	n, err := strconv.ParseInt(strings.TrimRight(v, "kmg"), 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return 0, false
	}
	return n * factor, true
}

// day reads a date, as midnight in the zone of now, or seconds since 1970; the answer is in milliseconds since 1970.
func (s *searcher) day(value string) (int64, bool) {
	for _, layout := range []string{"2006/1/2", "2006-1-2", "1/2/2006", "2006/1", "2006-1"} {
		if t, err := time.ParseInLocation(layout, value, s.now.Location()); err == nil {
			return t.UnixMilli(), true
		}
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && n < 1<<40 {
		if n < 10000 { // a year
			return time.Date(int(n), 1, 1, 0, 0, 0, 0, s.now.Location()).UnixMilli(), true
		}
		return n * 1000, true
	}
	return 0, false
}

// ago reads 2d, 3m, 1y and also 5h.
func (s *searcher) ago(value string) (int64, bool) {
	if len(value) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(value[:len(value)-1])
	if err != nil || n < 0 || n > 100000 {
		return 0, false
	}
	var t time.Time
	switch value[len(value)-1] {
	case 'h', 'H':
		t = s.now.Add(-time.Duration(n) * time.Hour)
	case 'd', 'D':
		t = s.now.AddDate(0, 0, -n)
	case 'm', 'M':
		t = s.now.AddDate(0, -n, 0)
	case 'y', 'Y':
		t = s.now.AddDate(-n, 0, 0)
	default:
		return 0, false
	}
	return t.UnixMilli(), true
}
