package gmail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
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
	return &draftState{id: d.Id, messageID: d.Message.Id, threadID: d.Message.ThreadId, raw: raw, root: root}, nil
}

// digest is what an approval holds a draft to.
func (d *draftState) digest() string {
	sum := sha256.Sum256(d.raw)
	return hex.EncodeToString(sum[:])
}

// letter is the draft as a letter, to be changed.
func (d *draftState) letter() letter {
	o := original{header: d.root.Header}
	l := letter{ThreadID: d.threadID}
	if from := o.addresses("From"); len(from) > 0 {
		l.Mail.From = from[0]
	}
	l.Mail.To, l.Mail.Cc, l.Mail.Bcc = o.addresses("To"), o.addresses("Cc"), o.addresses("Bcc")
	l.Mail.Subject = tool.CleanLine(d.root.Header.Get("Subject"))
	l.Mail.InReplyTo = messageIDOf(d.root.Header.Get("In-Reply-To"))
	l.Mail.References = messageIDs(d.root.Header.Get("References"))
	read := mail.Read(d.root, mail.Options{Quoted: true})
	l.Mail.Text, l.Mail.HTML = read.Text+"\n", rawHTML(d.root)
	for _, a := range read.Attachments {
		sum := sha256.Sum256(a.Data)
		l.Files = append(l.Files, enclosure{MessageID: d.messageID, Attachment: a.Number, Name: a.Name, MIME: a.MIME, Size: len(a.Data), SHA256: hex.EncodeToString(sum[:]), data: a.Data})
	}
	return l
}

type draftOutput struct {
	DraftID   string `json:"draft_id"`
	MessageID string `json:"message_id"`
	ThreadID  string `json:"thread_id"`
	letterView
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
	if base != nil {
		call := svc.Users.Drafts.Update(me, base.id, draft).Context(ctx)
		if big {
			call.Media(bytes.NewReader(raw), media()...).ProgressUpdater(uploading(ctx))
		}
		saved, err = call.Do()
	} else {
		call := svc.Users.Drafts.Create(me, draft).Context(ctx)
		if big {
			call.Media(bytes.NewReader(raw), media()...).ProgressUpdater(uploading(ctx))
		}
		saved, err = call.Do()
	}
	if err != nil {
		return draftOutput{}, err
	}
	return draftOutput{saved.Id, saved.Message.Id, saved.Message.ThreadId, viewOf(l)}, nil
}

func media() []googleapi.MediaOption {
	return []googleapi.MediaOption{googleapi.ContentType("message/rfc822"), googleapi.ChunkSize(chunkSize)}
}

// uploading tells the client how far an upload is.
func uploading(ctx context.Context) googleapi.ProgressUpdater {
	return func(done, total int64) {
		tool.From(ctx).Progress(int(done>>10), int(max(total, compose.MaxSize)>>10), "uploading the mail (kB)")
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
	return fmt.Sprintf("Draft saved, not sent. draft_id:%s message_id:%s thread_id:%s\n%s", o.DraftID, o.MessageID, o.ThreadID, tool.Fence("the draft", b.String()))
}
