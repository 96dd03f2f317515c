package gmail

import (
	"slices"
	"strings"
	"sync"
)

// message is a mail in a mailbox. The raw bytes never change after it was added; labels and thread are guarded by the
// service's lock.
type message struct {
	id      uint64
	thread  *thread
	raw     []byte
	date    int64 // internal date, milliseconds since 1970
	labels  []string
	history uint64

	headOnce sync.Once
	headOf   header

	treeOnce sync.Once
	treeOf   *part

	snipOnce sync.Once
	snipOf   string

	docOnce sync.Once
	docOf   document
	bodyOf  sync.Once
}

// head returns the fields of the mail itself, without touching its body.
func (m *message) head() header {
	m.headOnce.Do(func() { m.headOf, _ = splitHeader(m.raw) })
	return m.headOf
}

func (m *message) tree() *part {
	m.treeOnce.Do(func() { m.treeOf = parsePart(m.raw, "", 0) })
	return m.treeOf
}

func (m *message) snippet() string {
	m.snipOnce.Do(func() { m.snipOf = snippet(bodyText(m.tree())) })
	return m.snipOf
}

func (m *message) has(label string) bool { return slices.Contains(m.labels, label) }

// add and remove return whether anything changed. They replace the slice, so that answers being written keep the old one.
func (m *message) add(labels ...string) bool {
	out := slices.Clone(m.labels)
	for _, l := range labels {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	changed := len(out) != len(m.labels)
	m.labels = out
	return changed
}

func (m *message) remove(labels ...string) bool {
	out := make([]string, 0, len(m.labels))
	for _, l := range m.labels {
		if !slices.Contains(labels, l) {
			out = append(out, l)
		}
	}
	changed := len(out) != len(m.labels)
	m.labels = out
	return changed
}

// messageID returns the Message-ID with its angle brackets, or "".
func (m *message) messageID() string {
	if ids := messageIDs(m.head().get("Message-ID")); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// references returns In-Reply-To and References.
func (m *message) references() []string { return references(m.head()) }

func references(h header) []string {
	return append(messageIDs(h.get("In-Reply-To")), messageIDs(h.get("References"))...)
}

// baseSubject is the subject without reply and forward marks, folded, for threading.
func baseSubject(subject string) string {
	s := strings.Join(strings.Fields(fold(decodeWords(subject))), " ")
	for {
		mark, rest, ok := strings.Cut(s, ":")
		if !ok || !replyMark(strings.TrimSpace(mark)) {
			return s
		}
		s = strings.TrimSpace(rest)
	}
}

// replyMark knows the marks of the common clients, also numbered ("Re[2]").
func replyMark(mark string) bool {
	mark, _, _ = strings.Cut(mark, "[")
	switch mark {
	case "re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "tr", "rv", "ref", "odp", "r", "i":
		return true
	}
	return false
}
