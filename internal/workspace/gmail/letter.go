package gmail

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	stdmail "net/mail"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"postern/internal/approval"
	"postern/internal/compose"
	"postern/internal/mail"
	"postern/internal/tool"
)

// letterInput is what gmail_save_draft and gmail_send take.
type letterInput struct {
	To          []string `json:"to,omitempty" jsonschema:"Addresses: ada@example.com or Ada <ada@example.com>." maxItems:"500" maxLen:"1000"`
	Cc          []string `json:"cc,omitempty" maxItems:"500" maxLen:"1000"`
	Bcc         []string `json:"bcc,omitempty" maxItems:"500" maxLen:"1000"`
	Subject     string   `json:"subject,omitempty" jsonschema:"Omit for a reply or forward." maxLen:"998"`
	Markdown    string   `json:"body_md,omitempty" jsonschema:"Body in Markdown. Replies: only the new text." maxLen:"500000"`
	HTML        string   `json:"body_html,omitempty" jsonschema:"Body in HTML instead." maxLen:"1000000"`
	ReplyTo     string   `json:"reply_to_message_id,omitempty" maxLen:"2000"`
	ReplyAll    bool     `json:"reply_all,omitempty" default:"false"`
	Forward     string   `json:"forward_message_id,omitempty" jsonschema:"Forwards that mail with its attachments." maxLen:"2000"`
	From        string   `json:"from,omitempty" jsonschema:"One of the owner's send-as addresses." maxLen:"1000"`
	Signature   *bool    `json:"signature,omitempty" jsonschema:"Append the owner's signature." default:"true"`
	Attachments []string `json:"attachments,omitempty" jsonschema:"File handles, or paths in the exchange folder." maxItems:"50" maxLen:"4096"`
	DraftID     string   `json:"draft_id,omitempty" maxLen:"100"`
}

// empty reports whether nothing but a draft is named.
func (in letterInput) empty() bool {
	return len(in.To)+len(in.Cc)+len(in.Bcc)+len(in.Attachments) == 0 && in.Subject+in.Markdown+in.HTML+in.ReplyTo+in.Forward+in.From == "" && in.Signature == nil && !in.ReplyAll
}

// letter is a mail that is ready to be built: everything is resolved, and attachments are named by where they are and
// what they must hold.
type letter struct {
	Mail     compose.Mail    `json:"mail"`
	Files    []enclosure     `json:"files,omitempty"`
	ThreadID string          `json:"thread_id,omitempty"`
	ReplyAll bool            `json:"reply_all,omitempty"`
	List     string          `json:"list,omitempty"`     // the mailing list of the mail that is answered
	Pictures []string        `json:"pictures,omitempty"` // addresses that are loaded from elsewhere when it is read
	Notes    []approval.Text `json:"notes,omitempty"`    // what is not as one might expect
	// Source is the letter's own text in Markdown, "" if it was not written in that. TailText and TailHTML follow what is
	// made of it: the signature, and what is quoted or forwarded.
	Source   string `json:"source,omitempty"`
	TailText string `json:"tail_text,omitempty"`
	TailHTML string `json:"tail_html,omitempty"`

	ownHTML, ownText int // bytes of what is made of Source

	unread map[string]string // address fields of a draft that cannot be read, by the argument that replaces them
}

// enclosure is an attachment of a letter: a file of the exchange folder, or an attachment of another mail.
type enclosure struct {
	Ref        string `json:"ref,omitempty"`
	MessageID  string `json:"message_id,omitempty"`
	Attachment int    `json:"attachment,omitempty"`
	Name       string `json:"name"`
	MIME       string `json:"mime"`
	Size       int    `json:"size"`
	SHA256     string `json:"sha256"`
	ContentID  string `json:"content_id,omitempty"` // of a picture in the text

	data []byte
}

// resolve makes a letter of the arguments. base is the draft that is changed, nil for none.
func resolve(ctx context.Context, svc *service, in letterInput, base *draftState) (*letter, error) {
	if in.Markdown != "" && in.HTML != "" {
		return nil, tool.Errorf("invalid_argument", "pass body_md or body_html, not both")
	}
	if in.ReplyTo != "" && in.Forward != "" {
		return nil, tool.Errorf("invalid_argument", "pass reply_to_message_id or forward_message_id, not both")
	}
	if in.ReplyAll && in.ReplyTo == "" {
		return nil, tool.Errorf("invalid_argument", "reply_all goes with reply_to_message_id")
	}
	if err := compose.OneLine("subject", in.Subject); err != nil {
		return nil, invalid(err)
	}
	l := &letter{}
	if base != nil {
		var err error
		if l, err = base.letter(); err != nil {
			return nil, err
		}
	}
	if err := l.address(in); err != nil {
		return nil, err
	}
	var senders []sender
	var why string
	var original *original
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { senders, why, err = sendersOf(gctx, svc); return err })
	if id := in.ReplyTo + in.Forward; id != "" {
		g.Go(func() (err error) { original, err = fetchOriginal(gctx, svc, in); return err })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	from, err := l.chooseSender(in, senders, why, original)
	if err != nil {
		return nil, err
	}
	if why != "" && in.Signature != nil && *in.Signature {
		l.Notes = append(l.Notes, approval.Say("mail.no_signature", "No signature was appended: profile \"{profile}\" was not granted the Google scope gmail.settings.basic. It can be added with the command: postern profiles refresh {profile}", "profile", tool.From(ctx).Profile.Name))
	}
	keeping := base != nil && in.Markdown+in.HTML == ""
	if !keeping {
		if err := l.write(in, from); err != nil {
			return nil, err
		}
	}
	if original != nil {
		if err := original.into(l, in, senders, keeping); err != nil {
			return nil, err
		}
	}
	l.Mail.Date = tool.From(ctx).Now
	if l.Source != "" { // all that was put to it since stands behind it
		l.TailHTML, l.TailText = l.Mail.HTML[l.ownHTML:], l.Mail.Text[l.ownText:]
	}
	if l.Mail.MessageID == "" {
		l.Mail.MessageID = "<" + strings.ToLower(rand.Text()) + "@" + domainOf(l.Mail.From.Address) + ">"
	}
	return l, l.enclose(ctx, svc, in, original)
}

func invalid(err error) error { return tool.Errorf("invalid_argument", "%s", err) }

// address reads the lists that are given; those of a draft that are not given stay.
func (l *letter) address(in letterInput) error {
	for _, list := range []struct {
		name  string
		items []string
		into  *[]stdmail.Address
	}{{"to", in.To, &l.Mail.To}, {"cc", in.Cc, &l.Mail.Cc}, {"bcc", in.Bcc, &l.Mail.Bcc}} {
		if list.items == nil {
			continue
		}
		found, err := compose.Addresses(list.name, list.items)
		if err != nil {
			return invalid(err)
		}
		*list.into = found
		delete(l.unread, list.name)
	}
	if in.From != "" {
		delete(l.unread, "from")
	}
	if in.Subject != "" {
		l.Mail.Subject = in.Subject
	}
	return l.readable()
}

// readable refuses a draft with recipients that nobody could be shown.
func (l *letter) readable() error {
	for _, name := range []string{"from", "to", "cc", "bcc"} {
		if v, ok := l.unread[name]; ok {
			return tool.Errorf("invalid_argument", "the draft has %q for %q, which cannot be read as addresses: set it with gmail_save_draft", clip(tool.CleanLine(v)), name)
		}
	}
	return nil
}

// write renders the body and appends the signature.
func (l *letter) write(in letterInput, from sender) (err error) {
	if in.HTML != "" {
		if l.Mail.HTML, err = safeHTML(in.HTML); err != nil {
			return err
		}
		l.Mail.Text, _ = mail.Plain([]byte(l.Mail.HTML))
		l.Mail.Text += "\n"
	} else if err := l.markdown(in.Markdown); err != nil {
		return err
	}
	_, l.Pictures = mail.Plain([]byte(l.Mail.HTML))
	if from.Signature != "" && (in.Signature == nil || *in.Signature) {
		l.Mail.HTML += `<div><br></div><div class="gmail_signature">` + from.Signature + "</div>"
		text, _ := mail.Plain([]byte(from.Signature))
		l.Mail.Text += "\n-- \n" + text + "\n"
	}
	return nil
}

// markdown makes the letter's own text of Markdown.
func (l *letter) markdown(source string) (err error) {
	if l.Mail.HTML, l.Mail.Text, err = compose.FromMarkdown(tool.Clean(source)); err != nil {
		return invalid(err)
	}
	l.Source, l.ownHTML, l.ownText = source, len(l.Mail.HTML), len(l.Mail.Text)
	return nil
}

// enclose resolves the attachments: those of the arguments, and those of the mail that is forwarded.
func (l *letter) enclose(ctx context.Context, svc *service, in letterInput, o *original) error {
	if in.Attachments != nil {
		l.Files = nil
		for _, ref := range in.Attachments {
			e, err := fromFolder(ctx, ref)
			if err != nil {
				return err
			}
			l.Files = append(l.Files, e)
		}
	}
	if o != nil && in.Forward != "" {
		for _, a := range o.attachments {
			e := enclosure{MessageID: o.id, Attachment: a.Number, Name: tool.CleanLine(a.Name), MIME: a.MIME, Size: a.Size, data: a.Data}
			if !l.has(e) {
				l.Files = append(l.Files, e)
			}
		}
	}
	total, biggest := 0, 0
	for i, f := range l.Files {
		if total += f.Size; f.Size > l.Files[biggest].Size {
			biggest = i
		}
	}
	if total > compose.MaxSize {
		return tool.Errorf("too_large", "the attachments have %s, the most that Gmail sends is %s; the biggest is %q with %s: share it with Drive instead",
			bytesText(total), bytesText(compose.MaxSize), clip(tool.CleanLine(l.Files[biggest].Name)), bytesText(l.Files[biggest].Size))
	}
	for i := range l.Files {
		if err := l.Files[i].load(ctx, svc); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a draft that is a forward already has the file.
func (l *letter) has(e enclosure) bool {
	return slices.ContainsFunc(l.Files, func(f enclosure) bool {
		return f.Ref == "" && f.MessageID != e.MessageID && f.Name == e.Name && f.Size == e.Size
	})
}

// fromFolder opens a file of the exchange folder and notes what it holds.
func fromFolder(ctx context.Context, ref string) (enclosure, error) {
	f, r, err := tool.From(ctx).OpenFile(ctx, ref)
	if err != nil {
		return enclosure{}, tool.Errorf("invalid_argument", "argument \"attachments\": %s", err)
	}
	defer r.Close()
	e := enclosure{Ref: ref, Name: f.Name, MIME: f.MIME, Size: int(f.Size)}
	if f.Size > compose.MaxSize {
		return e, nil // refused by the sum, with its name
	}
	if e.data, err = io.ReadAll(r); err != nil {
		return e, fmt.Errorf("reading %q: %w", f.Name, err)
	}
	e.Size = len(e.data)
	return e, nil
}

// load fetches the data, if it is not there, and holds it against the sum that was noted, if one was.
func (e *enclosure) load(ctx context.Context, svc *service) error {
	switch {
	case e.data != nil:
	case e.Ref != "":
		again, err := fromFolder(ctx, e.Ref)
		if err != nil {
			return err
		}
		e.data = again.data
	default:
		_, root, err := fetch(ctx, svc, e.MessageID)
		if err != nil {
			return err
		}
		all := mail.Read(root, mail.Options{}).Attachments
		if e.Attachment < 1 || e.Attachment > len(all) {
			return tool.Errorf("changed", "the mail %s no longer has the attachment %q", e.MessageID, e.Name)
		}
		a := all[e.Attachment-1]
		if e.data = a.Data; e.data == nil {
			if e.data, err = attachmentData(ctx, svc, e.MessageID, a.ID); err != nil {
				return err
			}
		}
	}
	sum := sha256.Sum256(e.data)
	now := hex.EncodeToString(sum[:])
	if e.SHA256 != "" && e.SHA256 != now {
		return tool.Errorf("changed", "the attachment %q has changed since the owner approved it; nothing was sent", clip(tool.CleanLine(e.Name)))
	}
	e.SHA256, e.Size = now, len(e.data)
	return nil
}

// build returns the bytes of the letter.
func (l *letter) build(ctx context.Context, svc *service) ([]byte, error) {
	files := make([]compose.File, len(l.Files))
	for i := range l.Files {
		e := &l.Files[i]
		if err := e.load(ctx, svc); err != nil {
			return nil, err
		}
		files[i] = compose.File{Name: e.Name, MIME: e.MIME, ContentID: e.ContentID, Data: e.data}
	}
	raw, err := l.Mail.Build(files...)
	if err != nil {
		return nil, invalid(err)
	}
	return raw, nil
}
