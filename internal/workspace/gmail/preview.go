package gmail

import (
	"context"
	"fmt"
	stdmail "net/mail"
	"regexp"
	"slices"
	"strconv"
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
	p := approval.Preview{Body: strings.TrimSpace(v.Text)}
	p.Titled(title(l.recipients()))
	first := strangers(ctx, svc, l.recipients())
	p.Fields = append(p.Fields, approval.Field{Name: "From", Value: v.From})
	p.Fields = append(p.Fields, l.addressees(first)...)
	if v.Subject != "" {
		p.Fields = append(p.Fields, approval.Field{Name: "Subject", Value: v.Subject})
	}
	for _, a := range v.Attachments {
		p.Fields = append(p.Fields, approval.Field{Name: "Attachment", Value: a})
	}
	p.Warnings = warnings(l, first)
	return p
}

// shownPictures is how many addresses of pictures a preview shows, each whole: data can leave in one.
const shownPictures = 10

func title(all []stdmail.Address) approval.Text {
	if len(all) == 1 {
		return approval.Say("mail.send", "Send a mail to {who}", "who", all[0].Address)
	}
	return approval.Say("mail.send.many", "Send a mail to {n} people", "n", strconv.Itoa(len(all)))
}

var mentionsFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(attached|attachment|enclosed|im anhang|anbei|beigefügt|angehängt|pièce jointe|ci-joint|adjunto|allegato|bijlage)\b`)
})

// warnings says what deserves a second look. first are the recipients that the owner has never written to.
func warnings(l *letter, first []string) []approval.Text {
	var out []approval.Text
	say := func(key, english string, values ...string) { out = append(out, approval.Say(key, english, values...)) }
	all := l.recipients()
	own := domainOf(l.Mail.From.Address)
	outside := map[string]bool{}
	for _, a := range all {
		d := domainOf(a.Address)
		if isOutside(d, own) {
			outside[d] = true
		}
		if why, ok := lookalike(a.Address, own, all); ok {
			out = append(out, why)
		}
		if looksLikeAddress(a.Name) && !strings.EqualFold(strings.TrimSpace(a.Name), a.Address) {
			say("mail.alias", "{who} calls itself by another address: {name}", "who", a.Address, "name", tool.CleanLine(a.Name))
		}
	}
	if len(outside) > 0 {
		names := make([]string, 0, len(outside))
		for d := range outside {
			names = append(names, d)
		}
		slices.Sort(names)
		say("mail.outside", "Goes outside of {own}: {domains}", "own", own, "domains", strings.Join(names[:min(5, len(names))], ", "))
	}
	for _, a := range first {
		say("mail.first", "You have never written to {who}", "who", a)
	}
	if len(all) > checkedRecipients {
		say("mail.unchecked", "Only the first {n} recipients were looked up in the sent mail", "n", strconv.Itoa(checkedRecipients))
	}
	if l.List != "" && slices.ContainsFunc(all, func(a stdmail.Address) bool { return strings.EqualFold(a.Address, l.List) }) {
		say("mail.list", "Goes to everybody on the mailing list {list}", "list", l.List)
	}
	if len(all) > 10 {
		say("mail.many", "Goes to {n} people", "n", strconv.Itoa(len(all)))
	}
	if l.ReplyAll && len(all) > 1 {
		say("mail.all", "Answers everybody of the conversation")
	}
	if len(l.Mail.Bcc) > 0 {
		say("mail.bcc", "Has hidden recipients (Bcc)")
	}
	own1, _, _ := strings.Cut(l.Mail.Text, "\n> ")
	if len(l.Files) == 0 && mentionsFile().MatchString(own1) {
		say("mail.no_attachment", "Speaks of an attachment, but has none")
	}
	for i, address := range l.Pictures {
		if i == shownPictures {
			say("mail.pictures", "When it is read, it loads {n} more pictures", "n", strconv.Itoa(len(l.Pictures)-i))
			break
		}
		say("mail.picture", "When it is read, it loads a picture from {address}", "address", address)
	}
	if strings.TrimSpace(l.Mail.Subject) == "" {
		say("mail.no_subject", "Has no subject")
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
