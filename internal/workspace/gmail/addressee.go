package gmail

import (
	stdmail "net/mail"
	"slices"
	"strings"

	"postern/internal/approval"
)

// shownAlone is how many recipients of a field stand in a preview on a line each. Those of more that are marked alike share
// a line.
const shownAlone = 30

// addressees are the recipients as a preview shows them: one by one, those marked that deserve a second look. first are
// those that the owner has never written to.
func (l *letter) addressees(first []string) []approval.Field {
	var out []approval.Field
	for _, list := range []struct {
		name string
		all  []stdmail.Address
	}{{"To", l.Mail.To}, {"Cc", l.Mail.Cc}, {"Bcc", l.Mail.Bcc}} {
		shared := map[string]int{} // where a line of those that are marked alike stands
		for i, a := range list.all {
			f := approval.Field{Name: list.name, Value: addressList([]stdmail.Address{a}), Marks: l.marks(a, first)}
			f.Alarm = len(f.Marks) > 0
			key := ""
			for _, m := range f.Marks {
				key += m.Key + " "
			}
			at, ok := shared[key]
			switch {
			case i < shownAlone:
			case ok:
				out[at].Value += ", " + f.Value
				continue
			default:
				shared[key] = len(out)
			}
			out = append(out, f)
		}
	}
	return out
}

// marks are why a recipient deserves a second look.
func (l *letter) marks(a stdmail.Address, first []string) (marks []approval.Text) {
	own := domainOf(l.Mail.From.Address)
	if slices.Contains(first, a.Address) {
		marks = append(marks, approval.Say("mark.first", "first time"))
	}
	if isOutside(domainOf(a.Address), own) {
		marks = append(marks, approval.Say("mark.outside", "outside of {own}", "own", own))
	}
	if _, ok := lookalike(a.Address, own, l.recipients()); ok {
		marks = append(marks, approval.Say("mark.alike", "look-alike"))
	}
	return marks
}

// isOutside reports whether a domain is none of the owner's. At a provider colleagues share no domain.
func isOutside(d, own string) bool {
	return !publicDomain(own) && d != own && !strings.HasSuffix(d, "."+own)
}
