package gmail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"

	"postern/internal/approval"
	"postern/internal/mail"
	"postern/internal/tool"
)

// frozenSend is what was shown to the owner, and what alone is sent: a draft as it was, a letter, or what the owner has
// made of a draft.
type frozenSend struct {
	DraftID string  `json:"draft_id,omitempty"`
	Digest  string  `json:"digest,omitempty"` // of the draft's bytes
	Letter  *letter `json:"letter,omitempty"`
}

type sendOutput struct {
	MessageID string `json:"message_id"`
	ThreadID  string `json:"thread_id"`
	To        string `json:"to"`
	Subject   string `json:"subject"`
	Note      string `json:"note,omitempty"`
}

// Markdown says what was sent.
func (o sendOutput) Markdown() string {
	s := fmt.Sprintf("Sent. message_id:%s thread_id:%s\n%s", o.MessageID, o.ThreadID, tool.Fence("the mail", "To: "+tool.CleanLine(o.To)+"\nSubject: "+tool.CleanLine(o.Subject)))
	if o.Note != "" {
		s += "\n" + o.Note
	}
	return s
}

// prepareSend resolves what would be sent, and says it to the owner. It has no effect.
func prepareSend(ctx context.Context, svc *service, in letterInput) (tool.Plan[frozenSend], error) {
	if in.DraftID != "" {
		return prepareDraft(ctx, svc, in)
	}
	var none tool.Plan[frozenSend]
	l, err := resolve(ctx, svc, in, nil)
	if err != nil {
		return none, err
	}
	if len(l.recipients()) == 0 {
		return none, tool.Errorf("invalid_argument", "the mail has no recipient: pass to, cc or bcc")
	}
	return planLetter(ctx, svc, l)
}

// planLetter is what becomes of a letter that is resolved.
func planLetter(ctx context.Context, svc *service, l *letter) (tool.Plan[frozenSend], error) {
	if _, err := l.build(ctx, svc); err != nil { // what cannot be built is refused before anybody is asked
		return tool.Plan[frozenSend]{}, err
	}
	p := preview(ctx, svc, l)
	p.Warnings = append(p.Warnings, l.Notes...)
	if seen, ok := mail.VisibleHTML([]byte(l.Mail.HTML)); !ok || !holds(l.Mail.Text, string(seen)) {
		p.Warnings = append(p.Warnings, approval.Say("mail.partly", "Not all of its text could be shown here: save it as a draft and look at it in Gmail"))
	}
	p.Edits = l.edits()
	if canDraft(ctx) {
		p.Instead = []approval.Choice{{ID: insteadDraft, Title: "Save as a draft"}}
	}
	return tool.Plan[frozenSend]{Frozen: frozenSend{Letter: l}, Preview: p}, nil
}

// prepareDraft resolves a draft that is to be sent as it is.
func prepareDraft(ctx context.Context, svc *service, in letterInput) (tool.Plan[frozenSend], error) {
	var none tool.Plan[frozenSend]
	if !in.empty() {
		return none, tool.Errorf("invalid_argument", "with draft_id the draft is sent as it is: change it with gmail_save_draft first, or omit draft_id")
	}
	d, err := fetchDraft(ctx, svc, in.DraftID)
	if err != nil {
		return none, err
	}
	l, err := d.letter()
	if err != nil {
		return none, err
	}
	if err := l.readable(); err != nil {
		return none, err
	}
	if len(l.recipients()) == 0 {
		return none, tool.Errorf("invalid_argument", "the draft has no recipient: set to, cc or bcc with gmail_save_draft")
	}
	p := preview(ctx, svc, l)
	odd, more := oddities(d.root, l.Mail.Text)
	if p.Warnings = append(odd, p.Warnings...); more != "" {
		p.Body += "\n\n" + more
	}
	p.Edits = l.edits()
	return tool.Plan[frozenSend]{Frozen: frozenSend{DraftID: d.id, Digest: d.digest()}, Preview: p}, nil
}

// send sends what was approved, once.
func send(ctx context.Context, svc *service, f frozenSend) (sendOutput, error) {
	if f.DraftID != "" {
		return sendDraft(ctx, svc, f)
	}
	raw, err := f.Letter.build(ctx, svc)
	if err != nil {
		return sendOutput{}, err
	}
	out := sendOutput{To: addressList(f.Letter.recipients()), Subject: f.Letter.Mail.Subject}
	message := &api.Message{ThreadId: f.Letter.ThreadID}
	var sent *api.Message
	if len(raw) > simpleUpload {
		w := &watched{r: bytes.NewReader(raw)}
		sent, err = svc.Users.Messages.Send(me, message).Media(w, media()...).ProgressUpdater(uploading(ctx, len(raw))).Context(ctx).Do()
		err = w.judge(err)
	} else {
		message.Raw = base64.URLEncoding.EncodeToString(raw)
		sent, err = svc.Users.Messages.Send(me, message).Context(ctx).Do()
	}
	if unsure(err) {
		if sent = find(ctx, svc, f.Letter.Mail.MessageID); sent != nil {
			err, out.Note = nil, "The connection broke while Google answered; the mail stands in the sent mail."
		}
	}
	if err != nil {
		return sendOutput{}, doubt(err)
	}
	out.MessageID, out.ThreadID = sent.Id, sent.ThreadId
	return out, nil
}

// sendDraft sends a draft, if it is still what was approved.
func sendDraft(ctx context.Context, svc *service, f frozenSend) (sendOutput, error) {
	d, err := fetchDraft(ctx, svc, f.DraftID)
	if err != nil {
		return sendOutput{}, err
	}
	if d.digest() != f.Digest {
		return sendOutput{}, changed()
	}
	l := f.Letter
	if l == nil {
		l, err = d.letter()
	} else {
		d.raw, err = l.build(ctx, svc) // what the owner has made of it goes
	}
	if err != nil {
		return sendOutput{}, err
	}
	out := sendOutput{To: addressList(l.recipients()), Subject: l.Mail.Subject}
	sent, err := d.send(ctx, svc)
	if googleCode(err) == http.StatusNotFound && !unsure(err) {
		return sendOutput{}, changed()
	}
	if unsure(err) {
		check, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		// Sending deletes a draft: if it is gone, it went.
		if _, gone := svc.Users.Drafts.Get(me, f.DraftID).Format("minimal").Context(check).Do(); googleCode(gone) == 404 {
			out.MessageID, out.ThreadID = d.messageID, d.threadID
			out.Note = "The connection broke while Google answered; the draft is gone, so it was sent. Its message_id may have changed: search in:sent."
			if l.Mail.MessageID == "" {
				return out, nil
			}
			if m := find(ctx, svc, l.Mail.MessageID); m != nil {
				out.MessageID, out.ThreadID = m.Id, m.ThreadId
				out.Note = "The connection broke while Google answered; the mail stands in the sent mail."
			}
			return out, nil
		}
	}
	if err != nil {
		return sendOutput{}, doubt(err)
	}
	out.MessageID, out.ThreadID = sent.Id, sent.ThreadId
	return out, nil
}

func changed() error {
	return tool.Errorf("changed", "the draft has changed since the owner approved it; nothing was sent. Call gmail_send again, so that the owner sees it as it is now")
}

// send sends the draft with the very bytes that were looked at: what somebody makes of the draft meanwhile does not go.
func (d *draftState) send(ctx context.Context, svc *service) (sent *api.Message, err error) {
	message := &api.Message{ThreadId: d.threadID}
	if len(d.raw) <= simpleUpload {
		message.Raw = base64.URLEncoding.EncodeToString(d.raw)
		return svc.Users.Drafts.Send(me, &api.Draft{Id: d.id, Message: message}).Context(ctx).Do()
	}
	w := &watched{r: bytes.NewReader(d.raw)}
	sent, err = svc.Users.Drafts.Send(me, &api.Draft{Id: d.id, Message: message}).Media(w, media()...).ProgressUpdater(uploading(ctx, len(d.raw))).Context(ctx).Do()
	return sent, w.judge(err)
}

// errUpload is an error after the last part of an upload may have reached Google.
var errUpload = errors.New("the upload broke at its end")

// watched is a mail that is uploaded in parts, each of which may be sent several times.
type watched struct {
	r    io.Reader
	over atomic.Bool // the last part has been taken
}

// Read gives the next part to the upload.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil {
		w.over.Store(true)
	}
	return n, err
}

// judge marks an error after which the mail may have gone, though the last thing that went wrong does not look like it:
// the last part may have arrived, its answer have been lost, and what is told be how the next try ended.
func (w *watched) judge(err error) error {
	if err == nil || !w.over.Load() {
		return err
	}
	if code := googleCode(err); code == http.StatusBadRequest || code == http.StatusRequestEntityTooLarge {
		return err // Google has read it all, and refused it
	}
	return fmt.Errorf("%w: %w", errUpload, err)
}

// unsure reports whether, after err, Google may or may not have sent the mail. It is sure that it did not if it was never
// reached, or could not be asked in the owner's name.
func unsure(err error) bool {
	var refused *googleapi.Error
	var dialling *net.OpError
	var signIn interface{ OwnerMust() string }
	switch {
	case errors.Is(err, errUpload):
		return true
	case err == nil, errors.As(err, &signIn):
		return false
	case errors.As(err, &dialling) && dialling.Op == "dial":
		return false
	case errors.As(err, &refused):
		return refused.Code >= 500
	}
	return true
}

// doubt makes an error after which nobody should simply try again.
func doubt(err error) error {
	if !unsure(err) {
		return err
	}
	return tool.Errorf("unknown_outcome", "the connection to Google broke while the mail was being sent, and it is not known whether it went (%s). Look with gmail_search in:sent before trying again, and tell the owner", clip(tool.CleanLine(err.Error())))
}

// find looks for a mail by its Message-ID among the sent ones; nil if it is not there, or nobody can tell.
func find(ctx context.Context, svc *service, messageID string) *api.Message {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	list, err := svc.Users.Messages.List(me).Q("in:sent rfc822msgid:" + strings.Trim(messageID, "<>")).MaxResults(1).Context(ctx).Do()
	if err != nil || len(list.Messages) == 0 {
		return nil
	}
	return list.Messages[0]
}
