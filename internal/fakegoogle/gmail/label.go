package gmail

import (
	"fmt"
	"slices"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

// userLabelPrefix begins the ids of labels that people made.
const userLabelPrefix = "Label_"

// systemLabels are there from the beginning and cannot be changed.
var systemLabels = []string{
	"CHAT", "SENT", "INBOX", "IMPORTANT", "TRASH", "DRAFT", "SPAM", "CATEGORY_FORUMS", "CATEGORY_UPDATES", "CATEGORY_PERSONAL",
	"CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL", "STARRED", "UNREAD",
}

// label returns the label with that id, or nil.
func (b *mailbox) label(id string) *api.Label {
	for _, l := range b.labels {
		if l.Id == id {
			return l
		}
	}
	return nil
}

// labelNamed returns the label of that name in any case, or nil.
func (b *mailbox) labelNamed(name string) *api.Label {
	for _, l := range b.labels {
		if strings.EqualFold(l.Name, name) {
			return l
		}
	}
	return nil
}

// labelFor returns the id of the label that a search means: "-" stands for spaces and slashes there. "" is none.
func (b *mailbox) labelFor(value string) string {
	norm := func(s string) string { return strings.NewReplacer(" ", "-", "/", "-", "_", "-").Replace(fold(s)) }
	for _, l := range b.labels {
		if norm(l.Name) == norm(value) {
			return l.Id
		}
	}
	return ""
}

// ensureLabel returns the id of a label that is named by name or id, and makes it if it is not there.
func (b *mailbox) ensureLabel(name string) string {
	if l := b.label(name); l != nil {
		return l.Id
	}
	if l := b.labelNamed(name); l != nil {
		return l.Id
	}
	return b.newLabel(name).Id
}

func (b *mailbox) newLabel(name string) *api.Label {
	l := &api.Label{Id: fmt.Sprintf("%s%d", userLabelPrefix, b.number()), Name: name, Type: "user", LabelListVisibility: "labelShow", MessageListVisibility: "show"}
	b.labels = append(b.labels, l)
	return l
}

// counted returns the label with its numbers, which Gmail gives for a single label only.
func (b *mailbox) counted(l *api.Label) *api.Label {
	out := *l
	threads, unread := map[*thread]bool{}, map[*thread]bool{}
	for _, m := range b.messages {
		if !m.has(l.Id) {
			continue
		}
		out.MessagesTotal++
		threads[m.thread] = true
		if m.has("UNREAD") {
			out.MessagesUnread++
			unread[m.thread] = true
		}
	}
	out.ThreadsTotal, out.ThreadsUnread = int64(len(threads)), int64(len(unread))
	out.ForceSendFields = []string{"MessagesTotal", "MessagesUnread", "ThreadsTotal", "ThreadsUnread"}
	return &out
}

// checkLabelName refuses what Gmail refuses.
func (b *mailbox) checkLabelName(name string, self *api.Label) error {
	if strings.TrimSpace(name) == "" || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || len([]rune(name)) > 225 {
		return fakegoogle.Invalid("Invalid label name")
	}
	if other := b.labelNamed(name); other != nil && other != self {
		return fakegoogle.Failure{Code: 409, Reason: "aborted", Message: "Label name exists or conflicts"}
	}
	return nil
}

// change adds and removes labels of messages, after checking all of them.
func (b *mailbox) change(messages []*message, add, remove []string) error {
	for _, id := range slices.Concat(add, remove) {
		if b.label(id) == nil {
			return fakegoogle.Invalid("Invalid label: " + id)
		}
		if id == "SENT" || id == "DRAFT" || id == "CHAT" {
			return fakegoogle.Invalid("Invalid label: " + id)
		}
	}
	for _, m := range messages {
		added, removed := m.add(add...), m.remove(remove...)
		if added || removed {
			b.touch(m)
		}
	}
	return nil
}
