package gmail

import (
	"context"
	"slices"
	"strings"

	stdmail "net/mail"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/approval"
	"postern/internal/compose"
	"postern/internal/tool"
)

// insteadDraft is what may be done with a mail instead of sending it: to keep it as a draft.
const insteadDraft = "draft"

// edits is what the owner may change of a mail before it goes.
func (l *letter) edits() []approval.Edit {
	out := []approval.Edit{
		{Name: "to", Title: "To", Value: editable(l.Mail.To)},
		{Name: "cc", Title: "Cc", Value: editable(l.Mail.Cc)},
		{Name: "bcc", Title: "Bcc", Value: editable(l.Mail.Bcc)},
	}
	if l.Mail.InReplyTo == "" { // with another subject, Gmail takes a reply out of its conversation
		out = append(out, approval.Edit{Name: "subject", Title: "Subject", Value: l.Mail.Subject})
	}
	text := approval.Edit{Name: "text", Title: "Text", Value: l.Source, Long: true}
	if l.Source == "" {
		text.Value, text.Plain = strings.TrimSpace(l.Mail.Text), true
	}
	return append(out, text)
}

// editable writes addresses so that they are read again as they are.
func editable(all []stdmail.Address) string {
	out := make([]string, len(all))
	for i, a := range all {
		switch {
		case a.Name == "":
			out[i] = a.Address
		case strings.ContainsAny(a.Name, `()<>[]:;@\,."`):
			out[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" <` + a.Address + ">"
		default:
			out[i] = a.Name + " <" + a.Address + ">"
		}
	}
	return strings.Join(out, ", ")
}

// reviseSend makes the mail anew with what the owner has changed. It has no effect.
func reviseSend(ctx context.Context, svc *service, f frozenSend, changes map[string]string) (tool.Plan[frozenSend], error) {
	var none tool.Plan[frozenSend]
	l := f.Letter
	if l == nil {
		d, err := fetchDraft(ctx, svc, f.DraftID)
		if err != nil {
			return none, err
		}
		if d.digest() != f.Digest {
			return none, tool.Errorf("changed", "the draft has been changed in Gmail since this question was put: deny it, and have it sent anew")
		}
		if l, err = d.letter(); err != nil {
			return none, err
		}
	}
	if err := l.change(changes); err != nil {
		return none, err
	}
	p, err := planLetter(ctx, svc, l)
	if err != nil {
		return none, err
	}
	if f.DraftID != "" {
		p.Frozen.DraftID, p.Frozen.Digest, p.Preview.Instead = f.DraftID, f.Digest, nil
	}
	return p, nil
}

// change takes what the owner has changed, by the names of edits.
func (l *letter) change(changes map[string]string) error {
	for name, into := range map[string]*[]stdmail.Address{"to": &l.Mail.To, "cc": &l.Mail.Cc, "bcc": &l.Mail.Bcc} {
		value, ok := changes[name]
		if !ok {
			continue
		}
		found, err := compose.Addresses(name, []string{value})
		if err != nil {
			return invalid(err)
		}
		*into = found
	}
	if len(l.recipients()) == 0 {
		return tool.Errorf("invalid_argument", "the mail has no recipient: name at least one")
	}
	if subject, ok := changes["subject"]; ok {
		if err := compose.OneLine("subject", subject); err != nil {
			return invalid(err)
		}
		l.Mail.Subject = strings.TrimSpace(subject)
	}
	text, ok := changes["text"]
	switch {
	case !ok:
		return nil
	case l.Source == "": // formatting of another kind is lost, and with it what it shows
		l.Mail.Text = strings.TrimSpace(tool.Clean(text)) + "\n"
		l.Mail.HTML, l.Pictures = "<div>"+asHTML(l.Mail.Text)+"</div>", nil
		for i := range l.Files {
			l.Files[i].ContentID = ""
		}
		return nil
	}
	if err := l.markdown(text); err != nil {
		return err
	}
	l.Mail.HTML += l.TailHTML
	l.Mail.Text += l.TailText
	return nil
}

// canDraft reports whether Google lets the profile keep drafts.
func canDraft(ctx context.Context) bool {
	return slices.ContainsFunc(tool.From(ctx).Profile.Scopes, func(s string) bool { return s == api.GmailModifyScope || s == api.GmailComposeScope })
}

// keepInstead keeps a mail as a draft that the owner did not want sent.
func keepInstead(ctx context.Context, svc *service, f frozenSend) (keptOutput, error) {
	if f.Letter == nil || f.DraftID != "" {
		return keptOutput{}, tool.Errorf("invalid_argument", "this is a draft already; nothing was sent")
	}
	d, err := keepDraft(ctx, svc, f.Letter, "")
	return keptOutput{d}, err
}

// keptOutput is a draft that was to be sent.
type keptOutput struct{ draftOutput }

// Markdown says that nothing was sent.
func (o keptOutput) Markdown() string {
	return "The owner did not send this mail, but kept it as a draft. Do not send it unless the owner asks for it.\n" + o.draftOutput.Markdown()
}
