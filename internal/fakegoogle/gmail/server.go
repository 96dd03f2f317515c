// Package gmail is the fake Google's Gmail: mailboxes with state, threads, labels, drafts and settings, and the search
// language that people use, behind version 1 of the Gmail API.
package gmail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	api "google.golang.org/api/gmail/v1"
)

// maxMessage is the most bytes of a mail that is sent or inserted: 25 MB of attachments, in base64, and a little more.
const maxMessage = 35 << 20

// Server holds the mailboxes of all accounts. A mailbox is made when it is first touched.
type Server struct {
	now func() time.Time

	mu    sync.Mutex // guards everything below, the mailboxes and what is in them
	boxes map[string]*mailbox
}

// New returns a Server whose clock is now.
func New(now func() time.Time) *Server { return &Server{now: now, boxes: map[string]*mailbox{}} }

// Mail is a message as tests and the demo see it.
type Mail struct {
	ID       string
	ThreadID string
	Raw      []byte
	Labels   []string
}

// Option says more about a message that is added.
type Option func(*message)

// Labeled gives the message these labels by name or id, instead of INBOX and UNREAD. User labels are made if missing.
func Labeled(names ...string) Option {
	return func(m *message) { m.labels = names }
}

// At gives the message its internal date, instead of that of its Date field.
func At(t time.Time) Option { return func(m *message) { m.date = t.UnixMilli() } }

// AddMessage puts a mail into the account's mailbox, as if it had arrived there, and returns its id.
func (s *Server) AddMessage(account string, raw []byte, opts ...Option) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.box(account)
	m := &message{raw: raw, labels: []string{"INBOX", "UNREAD"}}
	for _, o := range opts {
		o(m)
	}
	for i, name := range m.labels {
		m.labels[i] = box.ensureLabel(name)
	}
	return hexID(box.insert(m, "", s.now()).id)
}

// AddDraft puts a draft into the account's mailbox and returns the draft's id.
func (s *Server) AddDraft(account string, raw []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.box(account)
	return box.saveDraft("", &message{raw: raw}, "", s.now()).id
}

// AddSendAs lets the account send as another address, with a signature in HTML.
func (s *Server) AddSendAs(account string, a api.SendAs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.box(account)
	box.sendAs = slices.DeleteFunc(box.sendAs, func(old *api.SendAs) bool { return old.SendAsEmail == a.SendAsEmail })
	box.sendAs = append(box.sendAs, &a)
}

// Sent returns the mails that the account has sent, oldest first.
func (s *Server) Sent(account string) []Mail { return s.with(account, "SENT") }

// Messages returns every mail of the account, drafts too, oldest first.
func (s *Server) Messages(account string) []Mail { return s.with(account, "") }

func (s *Server) with(account, label string) []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Mail
	all := s.box(account).sorted()
	for i := len(all) - 1; i >= 0; i-- {
		if m := all[i]; label == "" || m.has(label) {
			out = append(out, Mail{hexID(m.id), hexID(m.thread.id), m.raw, slices.Clone(m.labels)})
		}
	}
	return out
}

// box returns the mailbox of an account. The caller holds mu.
func (s *Server) box(account string) *mailbox {
	account = strings.ToLower(account)
	b := s.boxes[account]
	if b == nil {
		b = newMailbox(account)
		s.boxes[account] = b
	}
	return b
}

func hexID(id uint64) string { return fmt.Sprintf("%016x", id) }

// mailbox is the mail of one account.
type mailbox struct {
	account  string
	messages map[uint64]*message
	threads  map[uint64]*thread
	byMsgID  map[string]*thread // Message-ID → thread
	order    []*message         // newest first; nil when it must be sorted anew
	labels   []*api.Label
	drafts   []*draft
	sendAs   []*api.SendAs
	filters  []*api.Filter
	vacation api.VacationSettings
	history  uint64
	next     int // number of the next label, draft or filter
}

type thread struct {
	id       uint64
	subject  string // as baseSubject
	messages []*message
}

type draft struct {
	id      string
	message *message
}

func newMailbox(account string) *mailbox {
	b := &mailbox{account: account, messages: map[uint64]*message{}, threads: map[uint64]*thread{}, byMsgID: map[string]*thread{}, history: 1000, next: 1}
	for _, id := range systemLabels {
		l := &api.Label{Id: id, Name: id, Type: "system"}
		if strings.HasPrefix(id, "CATEGORY_") || id == "UNREAD" || id == "CHAT" {
			l.LabelListVisibility, l.MessageListVisibility = "labelHide", "hide"
		}
		b.labels = append(b.labels, l)
	}
	b.sendAs = []*api.SendAs{{SendAsEmail: account, IsPrimary: true, IsDefault: true}}
	return b
}

// addresses are those that the account is reached under.
func (b *mailbox) addresses() []string {
	out := []string{b.account}
	for _, a := range b.sendAs {
		if a.SendAsEmail != b.account {
			out = append(out, a.SendAsEmail)
		}
	}
	return out
}

// sorted returns all messages, newest first.
func (b *mailbox) sorted() []*message {
	if b.order == nil {
		b.order = make([]*message, 0, len(b.messages))
		for _, m := range b.messages {
			b.order = append(b.order, m)
		}
		slices.SortFunc(b.order, func(x, y *message) int {
			return cmp.Or(cmp.Compare(y.date, x.date), cmp.Compare(y.id, x.id))
		})
	}
	return b.order
}

// insert files a message: id, date and thread. A thread that is asked for is taken if the mail belongs to it.
func (b *mailbox) insert(m *message, threadID string, now time.Time) *message {
	if m.date == 0 {
		m.date = now.UnixMilli()
		if t, ok := m.head().date(); ok {
			m.date = t.UnixMilli()
		}
	}
	// Gmail's ids rise roughly with time.
	m.id = max(uint64(m.date)<<20, 1<<60)
	for b.messages[m.id] != nil {
		m.id++
	}
	b.history++
	m.history = b.history
	b.messages[m.id] = m
	b.order = nil
	b.join(m, threadID)
	return m
}

// join puts a message into the thread that it answers, or one of its own.
func (b *mailbox) join(m *message, threadID string) {
	subject := baseSubject(m.head().get("Subject"))
	var t *thread
	for _, ref := range m.references() {
		if known := b.byMsgID[ref]; known != nil && known.subject == subject && (threadID == "" || hexID(known.id) == threadID) {
			t = known
		}
	}
	if t == nil {
		t = &thread{id: m.id, subject: subject}
		b.threads[t.id] = t
	}
	m.thread = t
	t.messages = append(t.messages, m)
	slices.SortFunc(t.messages, func(x, y *message) int { return cmp.Or(cmp.Compare(x.date, y.date), cmp.Compare(x.id, y.id)) })
	if id := m.messageID(); id != "" && b.byMsgID[id] == nil {
		b.byMsgID[id] = t
	}
}

// drop forgets a message.
func (b *mailbox) drop(m *message) {
	delete(b.messages, m.id)
	b.order = nil
	b.history++
	m.thread.messages = slices.DeleteFunc(m.thread.messages, func(x *message) bool { return x == m })
	if len(m.thread.messages) == 0 {
		delete(b.threads, m.thread.id)
		for id, t := range b.byMsgID {
			if t == m.thread {
				delete(b.byMsgID, id)
			}
		}
	}
}

// touch notes that a message was changed.
func (b *mailbox) touch(m *message) {
	b.history++
	m.history = b.history
}

// saveDraft makes a draft, or replaces the message of one; the message's id changes then, as Gmail's does.
func (b *mailbox) saveDraft(id string, m *message, threadID string, now time.Time) *draft {
	m.labels = []string{"DRAFT"}
	m.date = now.UnixMilli()
	if i := slices.IndexFunc(b.drafts, func(d *draft) bool { return d.id == id }); i >= 0 {
		d := b.drafts[i]
		if threadID == "" && len(d.message.thread.messages) > 1 {
			threadID = hexID(d.message.thread.id)
		}
		b.drop(d.message)
		d.message = b.insert(m, threadID, now)
		return d
	}
	d := &draft{id: fmt.Sprintf("r%d", 7_000_000_000_000_000_000+int64(b.number())), message: b.insert(m, threadID, now)}
	b.drafts = append(b.drafts, d)
	return d
}

func (b *mailbox) number() int {
	b.next++
	return b.next - 1
}
