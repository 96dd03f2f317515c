package gmail

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/mail"
	"postern/internal/tool"
)

type messageInput struct {
	ID     string `json:"message_id" jsonschema:"From gmail_search, or a pasted Gmail address." maxLen:"2000"`
	Format string `json:"format,omitempty" jsonschema:"text without quotations and signature, html as it came, or headers only." enum:"text,html,headers" default:"text"`
	Quoted bool   `json:"include_quoted,omitempty" jsonschema:"Keep quoted history and signature." default:"false"`
	tool.Paging
}

type messageOutput struct {
	messageText
	Piece string `json:"body"`
	Note  string `json:"note,omitempty"`
	URL   string `json:"-"`
}

// messageText is one mail as it is shown.
type messageText struct {
	ID          string           `json:"id"`
	ThreadID    string           `json:"thread_id"`
	Date        string           `json:"date"`
	Labels      []string         `json:"labels"`
	Fields      []mail.Field     `json:"headers"`
	Body        string           `json:"-"`
	Attachments []attachmentText `json:"attachments"`
}

type attachmentText struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	Size   int    `json:"size"`
	Inline bool   `json:"inline,omitempty"`
}

func readMessage(ctx context.Context, svc *service, in messageInput) (messageOutput, error) {
	id, err := parseID("message_id", in.ID)
	if err != nil {
		return messageOutput{}, err
	}
	m, root, err := fetch(ctx, svc, id)
	if err != nil {
		return messageOutput{}, notFound(err, "message_id", in.ID)
	}
	names, err := labelNames(ctx, svc)
	if err := optional(err); err != nil {
		return messageOutput{}, err
	}
	out := messageOutput{messageText: textOf(ctx, m, root, names, in.Quoted)}
	text := out.Body
	switch in.Format {
	case "html":
		if text = rawHTML(root); text == "" {
			return messageOutput{}, tool.Errorf("no_html", "this mail has no HTML version: read it with format=text")
		}
	case "headers":
		out.Fields, text = root.Header, ""
	}
	out.Piece, out.Note, err = in.Cut(text)
	return out, err
}

// notFound names the argument that named nothing.
func notFound(err error, argument, value string) error {
	if googleCode(err) == 404 || googleCode(err) == 400 {
		return &tool.ArgumentError{Argument: argument, Value: value, Err: err}
	}
	return err
}

// fetch gets a whole message and those of its texts that Gmail hands out separately.
func fetch(ctx context.Context, svc *service, id string) (*api.Message, *mail.Part, error) {
	m, err := svc.Users.Messages.Get(me, id).Format("full").Context(ctx).Do()
	if err != nil {
		return nil, nil, err
	}
	root, err := treeOf(ctx, svc, m)
	return m, root, err
}

// treeOf makes the tree of a message, with the data of what is read as text.
func treeOf(ctx context.Context, svc *service, m *api.Message) (*mail.Part, error) {
	if m.Payload == nil {
		return &mail.Part{MIME: "text/plain"}, nil
	}
	root := mail.FromGmail(m.Payload)
	for _, p := range mail.NeedsFetching(root) {
		data, err := attachmentData(ctx, svc, m.Id, p.AttachmentID)
		if err != nil {
			return nil, err
		}
		p.Data = data
	}
	return root, nil
}

func textOf(ctx context.Context, m *api.Message, root *mail.Part, names map[string]string, quoted bool) messageText {
	read := mail.Read(root, mail.Options{Quoted: quoted})
	out := messageText{ID: m.Id, ThreadID: m.ThreadId, Date: moment(ctx, m.InternalDate), Labels: shownLabels(m.LabelIds, names), Fields: []mail.Field{}, Attachments: []attachmentText{}}
	for _, name := range []string{"From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Message-ID", "List-Id", "List-Unsubscribe"} {
		if v := root.Header.Get(name); v != "" && !(name == "Reply-To" && v == root.Header.Get("From")) {
			out.Fields = append(out.Fields, mail.Field{Name: name, Value: v})
		}
	}
	for _, a := range read.Attachments {
		out.Attachments = append(out.Attachments, attachmentText{a.Number, a.Name, a.MIME, a.Size, a.Inline})
	}
	out.Body = bodyOf(read, 0)
	return out
}

// bodyOf writes the text of a mail with its invitations and the mails within it.
func bodyOf(m *mail.Message, depth int) string {
	var b strings.Builder
	for _, e := range m.Events {
		b.WriteString(e.Markdown() + "\n")
	}
	b.WriteString(m.Text)
	for _, f := range m.Forwarded {
		b.WriteString("\n\n---------- a mail within this mail ----------\n")
		for _, name := range []string{"From", "To", "Date", "Subject"} {
			if v := f.Header.Get(name); v != "" {
				fmt.Fprintf(&b, "%s: %s\n", name, tool.CleanLine(v))
			}
		}
		if depth < 5 {
			b.WriteString("\n" + bodyOf(f, depth+1))
		}
	}
	return strings.TrimSpace(b.String())
}

// rawHTML returns the HTML version as it came.
func rawHTML(p *mail.Part) string {
	if p.MIME == "text/html" && p.Name == "" && p.Disposition != "attachment" {
		return string(p.Data)
	}
	for _, child := range p.Parts {
		if h := rawHTML(child); h != "" {
			return h
		}
	}
	return ""
}

// Markdown writes the mail: ids first, then what came from outside.
func (o messageOutput) Markdown() string {
	var b strings.Builder
	o.head(&b)
	b.WriteString(tool.Fence("a mail", o.text(o.Piece)))
	if o.Note != "" {
		b.WriteString("\n\n" + o.Note)
	}
	return b.String()
}

func (t messageText) head(b *strings.Builder) {
	fmt.Fprintf(b, "id:%s thread_id:%s date:%s\n", t.ID, t.ThreadID, t.Date)
}

// text is the fenced part: header, body, attachments.
func (t messageText) text(body string) string {
	var b strings.Builder
	for _, f := range t.Fields {
		fmt.Fprintf(&b, "%s: %s\n", tool.CleanLine(f.Name), tool.CleanLine(f.Value))
	}
	if len(t.Labels) > 0 {
		fmt.Fprintf(&b, "Labels: %s\n", tool.CleanLine(strings.Join(t.Labels, ", ")))
	}
	for _, a := range t.Attachments {
		fmt.Fprintf(&b, "Attachment #%d: %s (%s, %s)", a.Number, tool.CleanLine(a.Name), tool.CleanLine(a.MIME), bytesText(a.Size))
		if a.Inline {
			b.WriteString(" inline")
		}
		b.WriteByte('\n')
	}
	if body != "" {
		b.WriteString("\n" + body)
	}
	return b.String()
}

// bytesText writes a size for people.
func bytesText(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", cmp.Or(n>>10, 1))
	}
	return fmt.Sprintf("%d bytes", n)
}
