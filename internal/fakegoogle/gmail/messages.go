package gmail

import (
	"encoding/base64"
	"net/mail"
	"slices"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

// found returns the messages that a list asks for, newest first.
func (c *call) found() ([]*message, error) {
	q := c.URL.Query()
	search := &searcher{box: c.box, now: c.server.now()}
	matches := search.compile(parseQuery(q.Get("q")), false)
	if q.Get("q") != "" && !c.Has(reading...) {
		return nil, fakegoogle.Failure{Code: 403, Reason: "forbidden", Message: "Metadata scope does not support 'q' parameter"}
	}
	labels := q["labelIds"]
	for _, id := range labels {
		if c.box.label(id) == nil {
			return nil, fakegoogle.Invalid("Invalid label: " + id)
		}
	}
	all := q.Get("includeSpamTrash") == "true"
	var out []*message
	for _, m := range c.box.sorted() {
		if !all && (m.has("TRASH") && !search.trash && !slices.Contains(labels, "TRASH") || m.has("SPAM") && !search.spam && !slices.Contains(labels, "SPAM")) {
			continue
		}
		if slices.ContainsFunc(labels, func(id string) bool { return !m.has(id) }) || !matches(m) {
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

func listMessages(c *call) (any, error) {
	found, err := c.found()
	if err != nil {
		return nil, err
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	out := &api.ListMessagesResponse{NextPageToken: next, ResultSizeEstimate: int64(len(found)), ForceSendFields: []string{"ResultSizeEstimate"}}
	for _, m := range found[from:to] {
		out.Messages = append(out.Messages, &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id)})
	}
	return out, nil
}

func listThreads(c *call) (any, error) {
	found, err := c.found()
	if err != nil {
		return nil, err
	}
	var threads []*thread
	for _, m := range found {
		if !slices.Contains(threads, m.thread) {
			threads = append(threads, m.thread)
		}
	}
	from, to, next, err := c.page(len(threads))
	if err != nil {
		return nil, err
	}
	out := &api.ListThreadsResponse{NextPageToken: next, ResultSizeEstimate: int64(len(threads)), ForceSendFields: []string{"ResultSizeEstimate"}}
	for _, t := range threads[from:to] {
		last := t.messages[len(t.messages)-1]
		out.Threads = append(out.Threads, &api.Thread{Id: hexID(t.id), Snippet: last.snippet(), HistoryId: last.history})
	}
	return out, nil
}

func getMessage(c *call) (any, error) {
	m, err := c.message(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return c.render(m, true)
}

func getThread(c *call) (any, error) {
	t, err := c.thread()
	if err != nil {
		return nil, err
	}
	out := &api.Thread{Id: hexID(t.id)}
	for _, m := range t.messages {
		rendered, err := c.render(m, false)
		if err != nil {
			return nil, err
		}
		out.Messages = append(out.Messages, rendered)
		out.HistoryId = max(out.HistoryId, m.history)
	}
	return out, nil
}

// render writes a message in the format that the request asks for.
func (c *call) render(m *message, raw bool) (*api.Message, error) {
	q := c.URL.Query()
	format := q.Get("format")
	if format == "" {
		format = "full"
	}
	if !c.Has(seeing...) && format != "minimal" && format != "metadata" {
		return nil, fakegoogle.Failure{Code: 403, Reason: "forbidden", Message: "Metadata scope doesn't allow format " + strings.ToUpper(format)}
	}
	out := m.brief()
	switch format {
	case "minimal":
	case "metadata":
		out.Payload = &api.MessagePart{MimeType: m.tree().media, Headers: headers(m.head(), q["metadataHeaders"])}
	case "full":
		out.Payload = payload(m, m.tree())
	case "raw":
		if !raw {
			return nil, fakegoogle.Invalid("Invalid value for format")
		}
		out.Raw = base64.URLEncoding.EncodeToString(m.raw)
	default:
		return nil, fakegoogle.Invalid("Invalid value for format")
	}
	return out, nil
}

// brief is what every format has.
func (m *message) brief() *api.Message {
	return &api.Message{
		Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: slices.Clone(m.labels), Snippet: m.snippet(), HistoryId: m.history, InternalDate: m.date, SizeEstimate: int64(len(m.raw)),
	}
}

func headers(h header, only []string) []*api.MessagePartHeader {
	out := []*api.MessagePartHeader{}
	for _, f := range h {
		if len(only) == 0 || slices.ContainsFunc(only, func(n string) bool { return strings.EqualFold(n, f.name) }) {
			out = append(out, &api.MessagePartHeader{Name: f.name, Value: decodeWords(f.value)})
		}
	}
	return out
}

func payload(m *message, p *part) *api.MessagePart {
	out := &api.MessagePart{PartId: p.id, MimeType: p.media, Filename: p.filename, Headers: headers(p.header, nil), Body: &api.MessagePartBody{Size: int64(p.size()), ForceSendFields: []string{"Size"}}}
	switch {
	case p.inline():
		out.Body.Data = base64.URLEncoding.EncodeToString(p.data())
	case !p.container() && (p.filename != "" || p.size() > 0):
		out.Body.AttachmentId = "ANGjdJ" + base64.RawURLEncoding.EncodeToString([]byte(hexID(m.id)+"/"+p.id))
	}
	for _, child := range p.parts {
		out.Parts = append(out.Parts, payload(m, child))
	}
	return out
}

func getAttachment(c *call) (any, error) {
	m, err := c.message(c.PathValue("messageId"))
	if err != nil {
		return nil, err
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(c.PathValue("id"), "ANGjdJ"))
	if err != nil {
		return nil, fakegoogle.Invalid("Invalid attachment token")
	}
	id, part, ok := strings.Cut(string(b), "/")
	if !ok || id != hexID(m.id) {
		return nil, fakegoogle.Invalid("Invalid attachment token")
	}
	p := m.tree().find(part)
	if p == nil {
		return nil, fakegoogle.NotFound()
	}
	data := p.data()
	return &api.MessagePartBody{Size: int64(len(data)), Data: base64.URLEncoding.EncodeToString(data)}, nil
}

// uploaded returns the mail of a request, from the upload or from the raw field, and the thread that it names.
func (c *call) uploaded(in *api.Message) (*message, error) {
	raw := []byte(nil)
	if c.Media != nil {
		raw = c.Media.Data
	} else if in != nil {
		var err error
		if raw, err = base64.URLEncoding.DecodeString(in.Raw); err != nil {
			if raw, err = base64.RawURLEncoding.DecodeString(in.Raw); err != nil {
				return nil, fakegoogle.Invalid("Invalid value for ByteString: " + in.Raw[:min(40, len(in.Raw))])
			}
		}
	}
	if len(raw) == 0 {
		return nil, fakegoogle.Invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
	}
	if len(raw) > maxMessage {
		return nil, fakegoogle.Failure{Code: 413, Reason: "uploadTooLarge", Message: "Message too large"}
	}
	if in != nil && in.ThreadId != "" {
		if _, err := c.lookThread(in.ThreadId); err != nil {
			return nil, err
		}
	}
	return &message{raw: raw}, nil
}

func (c *call) lookThread(id string) (*thread, error) {
	c.SetPathValue("id", id)
	return c.thread()
}

// deliver checks the recipients of a mail and files it as sent.
func (c *call) deliver(m *message, threadID string) (*message, error) {
	var to []string
	for _, name := range []string{"To", "Cc", "Bcc"} {
		list, err := addresses(m.head().get(name))
		if err != nil {
			return nil, fakegoogle.Invalid("Invalid " + name + " header")
		}
		to = append(to, list...)
	}
	if len(to) == 0 {
		return nil, fakegoogle.Invalid("Recipient address required")
	}
	m = &message{raw: complete(m.raw, c.box.account, c.server.now()), labels: []string{"SENT"}, date: c.server.now().UnixMilli()}
	mine := c.box.addresses()
	if slices.ContainsFunc(to, func(a string) bool { return slices.Contains(mine, a) }) {
		m.labels = append(m.labels, "INBOX", "UNREAD")
	}
	return c.box.insert(m, threadID, c.server.now()), nil
}

func sendMessage(c *call) (any, error) {
	var in api.Message
	if err := c.body(&in); err != nil {
		return nil, err
	}
	m, err := c.uploaded(&in)
	if err != nil {
		return nil, err
	}
	if m, err = c.deliver(m, in.ThreadId); err != nil {
		return nil, err
	}
	return &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}, nil
}

func insertMessage(c *call) (any, error) {
	var in api.Message
	if err := c.body(&in); err != nil {
		return nil, err
	}
	m, err := c.uploaded(&in)
	if err != nil {
		return nil, err
	}
	for _, id := range in.LabelIds {
		if c.box.label(id) == nil {
			return nil, fakegoogle.Invalid("Invalid label: " + id)
		}
	}
	m.labels = in.LabelIds
	c.box.insert(m, in.ThreadId, c.server.now())
	return &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}, nil
}

// date returns the time of the Date field.
func (h header) date() (time.Time, bool) {
	t, err := mail.ParseDate(h.get("Date"))
	return t, err == nil
}
