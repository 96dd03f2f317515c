package gmail

import (
	"context"
	"fmt"
	stdmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"postern/internal/approval"
	"postern/internal/tool"
)

// checkedRecipients is how many recipients are looked up in the sent mail for a preview.
const checkedRecipients = 10

// preview is the mail as its recipients will see it, and what deserves a second look.
func preview(ctx context.Context, svc *service, l *letter) approval.Preview {
	v := viewOf(l)
	p := approval.Preview{Title: fmt.Sprintf("Send a mail to %s", people(l.recipients())), Body: strings.TrimSpace(v.Text)}
	for _, f := range []approval.Field{{Name: "From", Value: v.From}, {Name: "To", Value: v.To}, {Name: "Cc", Value: v.Cc}, {Name: "Bcc", Value: v.Bcc}, {Name: "Subject", Value: v.Subject}} {
		if f.Value != "" {
			p.Fields = append(p.Fields, f)
		}
	}
	for _, a := range v.Attachments {
		p.Fields = append(p.Fields, approval.Field{Name: "Attachment", Value: a})
	}
	p.Warnings = warnings(ctx, svc, l)
	return p
}

// shownPictures is how many addresses of pictures a preview shows, each whole: data can leave in one.
const shownPictures = 10

func people(all []stdmail.Address) string {
	if len(all) == 1 {
		return all[0].Address
	}
	return fmt.Sprintf("%d people", len(all))
}

var mentionsFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(attached|attachment|enclosed|im anhang|anbei|beigefügt|angehängt|pièce jointe|ci-joint|adjunto|allegato|bijlage)\b`)
})

// warnings says what deserves a second look.
func warnings(ctx context.Context, svc *service, l *letter) []string {
	var out []string
	all := l.recipients()
	own := domainOf(l.Mail.From.Address)
	outside := map[string]bool{}
	for _, a := range all {
		d := domainOf(a.Address)
		if !publicDomain(own) && d != own && !strings.HasSuffix(d, "."+own) {
			outside[d] = true
		}
		if why := lookalike(d, own, all); why != "" {
			out = append(out, fmt.Sprintf("%s: %s", a.Address, why))
		}
		if looksLikeAddress(a.Name) && !strings.EqualFold(strings.TrimSpace(a.Name), a.Address) {
			out = append(out, fmt.Sprintf("%s calls itself by another address: %s", a.Address, tool.CleanLine(a.Name)))
		}
	}
	if len(outside) > 0 {
		names := make([]string, 0, len(outside))
		for d := range outside {
			names = append(names, d)
		}
		slices.Sort(names)
		out = append(out, "Goes outside of "+own+": "+strings.Join(names[:min(5, len(names))], ", "))
	}
	for _, a := range strangers(ctx, svc, all) {
		out = append(out, "You have never written to "+a)
	}
	if len(all) > checkedRecipients {
		out = append(out, fmt.Sprintf("Only the first %d recipients were looked up in the sent mail", checkedRecipients))
	}
	if l.List != "" && slices.ContainsFunc(all, func(a stdmail.Address) bool { return strings.EqualFold(a.Address, l.List) }) {
		out = append(out, "Goes to everybody on the mailing list "+l.List)
	}
	if len(all) > 10 {
		out = append(out, fmt.Sprintf("Goes to %d people", len(all)))
	}
	if l.ReplyAll && len(all) > 1 {
		out = append(out, "Answers everybody of the conversation")
	}
	if len(l.Mail.Bcc) > 0 {
		out = append(out, "Has hidden recipients (Bcc)")
	}
	own1, _, _ := strings.Cut(l.Mail.Text, "\n> ")
	if len(l.Files) == 0 && mentionsFile().MatchString(own1) {
		out = append(out, "Speaks of an attachment, but has none")
	}
	for i, address := range l.Pictures {
		if i == shownPictures {
			out = append(out, fmt.Sprintf("When it is read, it loads %d more pictures", len(l.Pictures)-i))
			break
		}
		out = append(out, "When it is read, it loads a picture from "+address)
	}
	if strings.TrimSpace(l.Mail.Subject) == "" {
		out = append(out, "Has no subject")
	}
	return out
}

// strangers returns the recipients that the owner has never sent a mail to. If Google does not tell, nobody is one.
func strangers(ctx context.Context, svc *service, all []stdmail.Address) []string {
	var mu sync.Mutex
	var out []string
	var g errgroup.Group
	g.SetLimit(checkedRecipients)
	for _, a := range all[:min(len(all), checkedRecipients)] {
		g.Go(func() error {
			list, err := svc.Users.Messages.List(me).Q(fmt.Sprintf("in:sent {to:%[1]q cc:%[1]q bcc:%[1]q}", a.Address)).MaxResults(1).Fields("messages/id").Context(ctx).Do()
			if err == nil && len(list.Messages) == 0 {
				mu.Lock()
				out = append(out, a.Address)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	slices.Sort(out)
	return out
}
