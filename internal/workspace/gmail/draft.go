package gmail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	stdmail "net/mail"
	"strings"

	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"

	"postern/internal/compose"
	"postern/internal/mail"
	"postern/internal/tool"
)

const (
	// simpleUpload is the most bytes of a mail that go in one request; larger ones are uploaded in chunks that can be
	// taken up again.
	simpleUpload = 5 << 20
	chunkSize    = 1 << 20
)

// draftState is a draft as it is at Google.
type draftState struct {
	id, messageID, threadID string
	raw                     []byte
	header                  stdmail.Header // as it stands, still encoded
	root                    *mail.Part
}

func fetchDraft(ctx context.Context, svc *service, value string) (*draftState, error) {
	id, err := parseDraftID(value)
	if err != nil {
		return nil, err
	}
	d, err := svc.Users.Drafts.Get(me, id).Format("raw").Context(ctx).Do()
	if err != nil {
		return nil, notFound(err, "draft_id", value)
	}
	raw, err := base64.URLEncoding.DecodeString(d.Message.Raw)
	if err != nil {
		if raw, err = base64.RawURLEncoding.DecodeString(d.Message.Raw); err != nil {
			return nil, fmt.Errorf("decoding the draft: %w", err)
		}
	}
	root, err := mail.FromRaw(raw)
	if err != nil {
		return nil, err
	}
	parsed, err := stdmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the draft: %w", err)
	}
	return &draftState{id: d.Id, messageID: d.Message.Id, threadID: d.Message.ThreadId, raw: raw, header: parsed.Header, root: root}, nil
}

// digest is what an approval holds a draft to.
func (d *draftState) digest() string {
	sum := sha256.Sum256(d.raw)
	return hex.EncodeToString(sum[:])
}

// letter is the draft as a letter, to be changed or shown. All that goes to readers is made of the draft's HTML, if it has
// one, as mail programs do.
func (d *draftState) letter() (*letter, error) {
	l := &letter{ThreadID: d.threadID, unread: map[string]string{}}
	var from []stdmail.Address
	for _, list := range []struct {
		name string
		into *[]stdmail.Address
	}{{"From", &from}, {"To", &l.Mail.To}, {"Cc", &l.Mail.Cc}, {"Bcc", &l.Mail.Bcc}} {
		field := strings.Join(d.header[list.name], ", ") // Gmail sends to all of a field that stands twice
		found, err := strictAddresses(field)
		if err != nil {
			l.unread[strings.ToLower(list.name)] = field
		}
		*list.into = found
	}
	if len(from) > 0 {
		l.Mail.From = from[0]
	}
	l.Mail.Subject = tool.CleanLine(d.root.Header.Get("Subject"))
	l.Mail.MessageID = messageIDOf(d.header.Get("Message-Id"))
	l.Mail.InReplyTo = messageIDOf(d.header.Get("In-Reply-To"))
	l.Mail.References = messageIDs(d.header.Get("References"))
	read := mail.Read(d.root, mail.Options{Quoted: true})
	l.Mail.Text = read.Text + "\n"
	if _, rich := bodies(d.root); len(rich) > 0 {
		l.Mail.HTML = strings.Join(rich, "\n")
		l.Mail.Text = ""
		for _, one := range rich { // each as a document of its own, as it is read
			text, pictures := mail.Plain([]byte(one))
			l.Mail.Text += text + "\n"
			l.Pictures = append(l.Pictures, pictures...)
		}
	}
	for _, a := range read.Attachments {
		e := enclosure{MessageID: d.messageID, Attachment: a.Number, Name: tool.CleanLine(a.Name), MIME: a.MIME, Size: a.Size}
		if a.Inline && compose.OneLine("", a.ContentID) == nil {
			e.ContentID = a.ContentID
		}
		if a.Data != nil && !strings.HasPrefix(a.MIME, "text/") { // text was converted when it was read: its bytes are at Gmail
			sum := sha256.Sum256(a.Data)
			e.data, e.SHA256 = a.Data, hex.EncodeToString(sum[:])
		}
		l.Files = append(l.Files, e)
	}
	return l, nil
}

type draftOutput struct {
	DraftID   string `json:"draft_id"`
	MessageID string `json:"message_id"`
	ThreadID  string `json:"thread_id"`
	letterView
	Notes []string `json:"notes,omitempty"`
}

// saveDraft writes a new draft, or the changed one over the old.
func saveDraft(ctx context.Context, svc *service, in letterInput) (draftOutput, error) {
	var base *draftState
	if in.DraftID != "" {
		var err error
		if base, err = fetchDraft(ctx, svc, in.DraftID); err != nil {
			return draftOutput{}, err
		}
	}
	l, err := resolve(ctx, svc, in, base)
	if err != nil {
		return draftOutput{}, err
	}
	id := ""
	if base != nil {
		id = base.id
	}
	return keepDraft(ctx, svc, l, id)
}

// keepDraft writes a letter over the draft with that id, or as a new one.
func keepDraft(ctx context.Context, svc *service, l *letter, id string) (draftOutput, error) {
	raw, err := l.build(ctx, svc)
	if err != nil {
		return draftOutput{}, err
	}
	message := &api.Message{ThreadId: l.ThreadID}
	var saved *api.Draft
	big := len(raw) > simpleUpload
	if !big {
		message.Raw = base64.URLEncoding.EncodeToString(raw)
	}
	draft := &api.Draft{Message: message}
	if id != "" {
		call := svc.Users.Drafts.Update(me, id, draft).Context(ctx)
		if big {
			call.Media(bytes.NewReader(raw), media()...).ProgressUpdater(uploading(ctx, len(raw)))
		}
		saved, err = call.Do()
	} else {
		call := svc.Users.Drafts.Create(me, draft).Context(ctx)
		if big {
			call.Media(bytes.NewReader(raw), media()...).ProgressUpdater(uploading(ctx, len(raw)))
		}
		saved, err = call.Do()
	}
	if err != nil {
		return draftOutput{}, err
	}
	notes := make([]string, len(l.Notes))
	for i, n := range l.Notes {
		notes[i] = n.English
	}
	return draftOutput{DraftID: saved.Id, MessageID: saved.Message.Id, ThreadID: saved.Message.ThreadId, letterView: viewOf(l), Notes: notes}, nil
}

func media() []googleapi.MediaOption {
	return []googleapi.MediaOption{googleapi.ContentType("message/rfc822"), googleapi.ChunkSize(chunkSize)}
}

// uploading tells the client how far an upload of size bytes is.
func uploading(ctx context.Context, size int) googleapi.ProgressUpdater {
	return func(done, _ int64) {
		tool.From(ctx).Progress(int(done>>10), size>>10, "uploading the mail (kB)")
	}
}

// letterView is a letter as people and models are shown it.
type letterView struct {
	From        string   `json:"from"`
	To          string   `json:"to"`
	Cc          string   `json:"cc,omitempty"`
	Bcc         string   `json:"bcc,omitempty"`
	Subject     string   `json:"subject"`
	Text        string   `json:"text"`
	Attachments []string `json:"attachments"`
}

func viewOf(l *letter) letterView {
	v := letterView{From: l.Mail.From.Address, To: addressList(l.Mail.To), Cc: addressList(l.Mail.Cc), Bcc: addressList(l.Mail.Bcc), Subject: l.Mail.Subject, Text: l.Mail.Text, Attachments: []string{}}
	if l.Mail.From.Name != "" {
		v.From = l.Mail.From.Name + " <" + l.Mail.From.Address + ">"
	}
	for _, f := range l.Files {
		v.Attachments = append(v.Attachments, fmt.Sprintf("%s (%s)", f.Name, bytesText(f.Size)))
	}
	return v
}

// previewChars is how much of its own text a client is shown again.
const previewChars = 3000

func (v letterView) write(b *strings.Builder) {
	for _, f := range []struct{ name, value string }{{"From", v.From}, {"To", v.To}, {"Cc", v.Cc}, {"Bcc", v.Bcc}, {"Subject", v.Subject}} {
		if f.value != "" {
			fmt.Fprintf(b, "%s: %s\n", f.name, tool.CleanLine(f.value))
		}
	}
	for _, a := range v.Attachments {
		fmt.Fprintf(b, "Attachment: %s\n", tool.CleanLine(a))
	}
	text := strings.TrimSpace(v.Text)
	if r := []rune(text); len(r) > previewChars {
		text = string(r[:previewChars]) + "\n[…]"
	}
	b.WriteString("\n" + text)
}

// Markdown shows the draft as it will be sent. A reply repeats what others wrote, so all of it is fenced.
func (o draftOutput) Markdown() string {
	var b strings.Builder
	o.write(&b)
	s := fmt.Sprintf("Draft saved, not sent. draft_id:%s message_id:%s thread_id:%s\n%s", o.DraftID, o.MessageID, o.ThreadID, tool.Fence("the draft", b.String()))
	return strings.Join(append([]string{s}, o.Notes...), "\n")
}
