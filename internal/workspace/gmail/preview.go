package gmail

import (
	"context"
	"fmt"
	stdmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/idna"
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
		if why := lookalike(d, own); why != "" {
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
			list, err := svc.Users.Messages.List(me).Q(fmt.Sprintf("in:sent to:%q", a.Address)).MaxResults(1).Fields("messages/id").Context(ctx).Do()
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

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndex(address, "@")+1:])
}

// publicDomain reports a provider where colleagues do not share a domain.
func publicDomain(d string) bool {
	return slices.Contains([]string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "aol.com"}, d)
}

// lookalike says why a domain may be taken for another.
func lookalike(d, own string) string {
	if strings.Contains(d, "xn--") {
		if shown, err := idna.ToUnicode(d); err == nil {
			latin, other := false, false
			for _, r := range shown {
				if unicode.IsLetter(r) {
					latin = latin || unicode.Is(unicode.Latin, r)
					other = other || !unicode.Is(unicode.Latin, r)
				}
			}
			if latin && other {
				return "mixes alphabets, as imitations of known addresses do: " + shown
			}
			return "is shown as " + shown
		}
	}
	if d != own && !publicDomain(own) && near(d, own) {
		return "looks like your own domain " + own + ", but is another"
	}
	return ""
}

// near reports whether one letter is changed, added, taken away or swapped.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return false
	}
	return a[i+1:] == b[i+1:] || i+2 <= len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func looksLikeAddress(name string) bool {
	_, err := stdmail.ParseAddress(strings.TrimSpace(name))
	return err == nil
}
