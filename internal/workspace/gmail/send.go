package gmail

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"

	"postern/internal/tool"
)

// frozenSend is what was shown to the owner, and what alone is sent: a draft as it was, or a letter.
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
	var none tool.Plan[frozenSend]
	frozen := frozenSend{}
	var l *letter
	if in.DraftID != "" {
		if !(letterInput{DraftID: in.DraftID}).same(in) {
			return none, tool.Errorf("invalid_argument", "with draft_id the draft is sent as it is: change it with gmail_save_draft first, or omit draft_id")
		}
		d, err := fetchDraft(ctx, svc, in.DraftID)
		if err != nil {
			return none, err
		}
		asLetter := d.letter()
		l = &asLetter
		frozen.DraftID, frozen.Digest = d.id, d.digest()
	} else {
		var err error
		if l, err = resolve(ctx, svc, in, nil); err != nil {
			return none, err
		}
		domain := l.Mail.From.Address[strings.LastIndex(l.Mail.From.Address, "@")+1:]
		l.Mail.MessageID = "<" + strings.ToLower(rand.Text()) + "@" + domain + ">"
		if _, err := l.build(ctx, svc); err != nil { // what cannot be built is refused before anybody is asked
			return none, err
		}
		frozen.Letter = l
	}
	if len(l.recipients()) == 0 {
		return none, tool.Errorf("invalid_argument", "the mail has no recipient: pass to, cc or bcc")
	}
	return tool.Plan[frozenSend]{Frozen: frozen, Preview: preview(ctx, svc, l)}, nil
}

// same reports whether only the draft is named.
func (in letterInput) same(other letterInput) bool {
	return in.DraftID == other.DraftID && other.empty()
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
		sent, err = svc.Users.Messages.Send(me, message).Media(bytes.NewReader(raw), media()...).ProgressUpdater(uploading(ctx)).Context(ctx).Do()
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
		return sendOutput{}, tool.Errorf("changed", "the draft has changed since the owner approved it; nothing was sent. Call gmail_send again, so that the owner sees it as it is now")
	}
	l := d.letter()
	out := sendOutput{To: addressList(l.recipients()), Subject: l.Mail.Subject}
	sent, err := svc.Users.Drafts.Send(me, &api.Draft{Id: f.DraftID}).Context(ctx).Do()
	if unsure(err) {
		check, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		// Sending deletes a draft: if it is gone, it went.
		if _, gone := svc.Users.Drafts.Get(me, f.DraftID).Format("minimal").Context(check).Do(); googleCode(gone) == 404 {
			out.MessageID, out.ThreadID = d.messageID, d.threadID
			out.Note = "The connection broke while Google answered; the draft is gone, so it was sent. Its message_id has changed: search in:sent."
			return out, nil
		}
	}
	if err != nil {
		return sendOutput{}, doubt(err)
	}
	out.MessageID, out.ThreadID = sent.Id, sent.ThreadId
	return out, nil
}

// unsure reports whether, after err, Google may or may not have sent the mail.
func unsure(err error) bool {
	if err == nil {
		return false
	}
	var ge *googleapi.Error
	return !errors.As(err, &ge) || ge.Code >= 500
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
