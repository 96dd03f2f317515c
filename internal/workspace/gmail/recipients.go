package gmail

import (
	"mime"
	stdmail "net/mail"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"

	"postern/internal/tool"
)

// strictAddresses reads an address field as it stands in a mail: still encoded, so that a comma in a name is no comma of
// the list.
func strictAddresses(field string) ([]stdmail.Address, error) {
	if strings.TrimSpace(field) == "" {
		return nil, nil
	}
	p := stdmail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}}
	list, err := p.ParseList(field)
	if err != nil {
		return nil, err
	}
	out := make([]stdmail.Address, len(list))
	for i, a := range list {
		out[i] = stdmail.Address{Name: tool.CleanLine(a.Name), Address: a.Address}
	}
	return out, nil
}

// The most bytes of an address field, and the most addresses in it, that are read where it does not keep to the rules.
const (
	maxLooseField     = 64 << 10
	maxLooseAddresses = 2000
)

// looseAddresses also reads fields that were decoded before they were handed out, in which names with commas have lost
// their quotes. What is no address belongs to the name of the next.
func looseAddresses(field string) []stdmail.Address {
	if len(field) > 4*maxLooseField {
		return nil
	}
	if list, err := strictAddresses(field); err == nil {
		return list
	}
	if field = tool.CleanLine(field); len(field) > maxLooseField {
		return nil
	}
	var out []stdmail.Address
	name := 0 // where the name of the next address begins
	for at := 0; at <= len(field) && len(out) < maxLooseAddresses; {
		end := len(field)
		if i := strings.IndexByte(field[at:], ','); i >= 0 {
			end = at + i
		}
		piece := field[at:end]
		from, to := strings.LastIndex(piece, "<"), strings.LastIndex(piece, ">")
		switch {
		case from >= 0 && to > from:
			if a, err := stdmail.ParseAddress(piece[from : to+1]); err == nil {
				a.Name = strings.Trim(strings.TrimSpace(field[name:at+from]), `"'`)
				out = append(out, *a)
			}
			name = end + 1
		case name == at:
			if a, err := stdmail.ParseAddress(piece); err == nil {
				out = append(out, *a)
				name = end + 1
			}
		}
		at = end + 1
	}
	return out
}

// addresses reads an address field of the original, once; what cannot be read is left out.
func (o *original) addresses(name string) []stdmail.Address {
	if found, ok := o.fields[name]; ok {
		return found
	}
	if o.fields == nil {
		o.fields = map[string][]stdmail.Address{}
	}
	o.fields[name] = looseAddresses(o.header.Get(name))
	return o.fields[name]
}

// list returns the address of the mailing list that the original came by (RFC 2369 section 3.4), "" for none.
func (o *original) list() string {
	for _, u := range bracketed().FindAllString(o.header.Get("List-Post"), 5) {
		if m, err := url.Parse(strings.Trim(u, "<>")); err == nil && strings.EqualFold(m.Scheme, "mailto") {
			to, err := url.PathUnescape(m.Opaque)
			if a, perr := stdmail.ParseAddress(to); err == nil && perr == nil {
				return a.Address
			}
		}
	}
	return ""
}

// answerTo fills in the recipients of a reply: who wrote, or whom they asked to be answered; with all, everybody else
// of the original, and its mailing list, but the owner.
func (o *original) answerTo(l *letter, all bool, senders []sender) {
	to := o.addresses("Reply-To")
	if len(others(to, senders)) == 0 {
		to = o.addresses("From")
	}
	if from := o.addresses("From"); len(from) > 0 && own(senders, from[0].Address) {
		to = o.addresses("To") // an answer to one's own mail goes where that went
	}
	if rest := others(to, senders); len(rest) > 0 {
		to = rest
	}
	l.Mail.To = distinct(to)
	if !all {
		return
	}
	rest := slices.Concat(o.addresses("To"), o.addresses("Cc"))
	if list := o.list(); list != "" {
		rest = append(rest, stdmail.Address{Address: list})
	}
	l.Mail.Cc = distinct(slices.Concat(l.Mail.To, l.Mail.Cc, others(rest, senders)))[len(l.Mail.To):]
}

// others returns the addresses that are not the owner's.
func others(all []stdmail.Address, senders []sender) []stdmail.Address {
	var out []stdmail.Address
	for _, a := range all {
		if !own(senders, a.Address) {
			out = append(out, a)
		}
	}
	return out
}

// distinct leaves out addresses that stand before.
func distinct(all []stdmail.Address) []stdmail.Address {
	seen := map[string]bool{}
	var out []stdmail.Address
	for _, a := range all {
		if key := strings.ToLower(a.Address); !seen[key] {
			seen[key] = true
			out = append(out, a)
		}
	}
	return out
}

// recipients are all addresses that the letter goes to.
func (l *letter) recipients() []stdmail.Address {
	return slices.Concat(l.Mail.To, l.Mail.Cc, l.Mail.Bcc)
}

func addressList(all []stdmail.Address) string {
	s := make([]string, len(all))
	for i, a := range all {
		s[i] = a.Address
		if a.Name != "" {
			s[i] = a.Name + " <" + a.Address + ">"
		}
	}
	return strings.Join(s, ", ")
}

// own reports whether an address is one of the senders'.
func own(senders []sender, address string) bool {
	_, ok := ownAs(senders, address)
	return ok
}

// ownAs returns the sender's address that an address means: itself, else one with the same mailbox. What stands behind a
// plus, and at Gmail a dot, makes no other mailbox.
func ownAs(senders []sender, address string) (string, bool) {
	for _, same := range []func(string) bool{
		func(s string) bool { return strings.EqualFold(s, address) },
		func(s string) bool { return mailbox(s) == mailbox(address) },
	} {
		for _, s := range senders {
			if same(s.Address.Address) {
				return s.Address.Address, true
			}
		}
	}
	return "", false
}

func mailbox(address string) string {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return local
	}
	local, _, _ = strings.Cut(local, "+")
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}
