package gmail

import (
	"context"
	"fmt"
	"html"
	stdmail "net/mail"
	"regexp"
	"strings"
	"sync"

	"postern/internal/compose"
	"postern/internal/mail"
	"postern/internal/tool"
)

// maxQuoted is the most characters of the original that a reply or forward repeats.
const maxQuoted = 50_000

// original is the mail that is answered or forwarded.
type original struct {
	id, threadID string
	header       mail.Header
	date         string
	text, html   string // to be repeated
	attachments  []mail.Attachment
	fields       map[string][]stdmail.Address // address fields that were read, see addresses
}

func fetchOriginal(ctx context.Context, svc *service, in letterInput) (*original, error) {
	argument, value := "reply_to_message_id", in.ReplyTo
	if in.Forward != "" {
		argument, value = "forward_message_id", in.Forward
	}
	id, err := parseID(argument, value)
	if err != nil {
		return nil, err
	}
	m, root, err := fetch(ctx, svc, id)
	if err != nil {
		return nil, notFound(err, argument, value)
	}
	text, rich := quotable(root)
	return &original{id: m.Id, threadID: m.ThreadId, header: root.Header, date: moment(ctx, m.InternalDate), text: text, html: rich, attachments: mail.Read(root, mail.Options{Quoted: true}).Attachments}, nil
}

// sentTo returns the address of the owner's, as they send by it, that the original came to.
func (o *original) sentTo(senders []sender) string {
	for _, name := range []string{"Delivered-To", "To", "Cc"} {
		for _, a := range o.addresses(name) {
			if as, ok := ownAs(senders, a.Address); ok {
				return as
			}
		}
	}
	for _, a := range o.addresses("From") { // one's own mail, continued
		if as, ok := ownAs(senders, a.Address); ok {
			return as
		}
	}
	return ""
}

// into makes the letter a reply to the original, or a forward of it. A draft whose text is kept has its quotation.
func (o *original) into(l *letter, in letterInput, senders []sender, keeping bool) error {
	if in.Forward != "" {
		if !keeping || !strings.Contains(l.Mail.Text, forwardMark) {
			o.forward(l)
		}
		return nil
	}
	quoted := keeping && l.Mail.InReplyTo != "" && l.Mail.InReplyTo == messageIDOf(o.header.Get("Message-ID"))
	if in.To == nil && len(l.Mail.To) == 0 {
		o.answerTo(l, in.ReplyAll, senders)
	}
	l.ReplyAll, l.List = in.ReplyAll, o.list()
	l.ThreadID = o.threadID
	if in.Subject != "" && baseSubject(in.Subject) != baseSubject(o.header.Get("Subject")) {
		return tool.Errorf("invalid_argument", "a reply keeps its subject, or Gmail takes it out of the conversation: omit subject, or write a new mail")
	}
	l.Mail.Subject = "Re: " + baseSubject(o.header.Get("Subject"))
	if id := messageIDOf(o.header.Get("Message-ID")); id != "" {
		l.Mail.InReplyTo = id
		l.Mail.References = append(messageIDs(o.header.Get("References")), id)
		if n := len(l.Mail.References); n > 30 { // the first and the newest, as RFC 5537 section 3.4.4 advises
			l.Mail.References = append(l.Mail.References[:1], l.Mail.References[n-29:]...)
		}
	}
	if quoted {
		return nil
	}
	who := addressList(o.addresses("From"))
	if who == "" {
		who = tool.CleanLine(o.header.Get("From"))
	}
	l.Mail.Text += fmt.Sprintf("\nOn %s, %s wrote:\n%s\n", o.date, who, quote(o.text))
	l.Mail.HTML += fmt.Sprintf(`<br><div class="gmail_quote"><div>On %s, %s wrote:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">%s</blockquote></div>`,
		html.EscapeString(o.date), html.EscapeString(who), o.html)
	return nil
}

// forwardMark is what Gmail writes above a mail that is forwarded.
const forwardMark = "---------- Forwarded message ---------"

func (o *original) forward(l *letter) {
	if l.Mail.Subject == "" {
		l.Mail.Subject = "Fwd: " + baseSubject(o.header.Get("Subject"))
	}
	var head strings.Builder
	head.WriteString(forwardMark + "\n")
	for _, name := range []string{"From", "Date", "Subject", "To", "Cc"} {
		if v := tool.CleanLine(o.header.Get(name)); v != "" {
			fmt.Fprintf(&head, "%s: %s\n", name, v)
		}
	}
	l.Mail.Text += "\n" + head.String() + "\n" + o.text + "\n"
	l.Mail.HTML += `<br><div class="gmail_quote">` + asHTML(head.String()) + "<br><br>" + o.html + "</div>"
}

// quote sets "> " before every line.
func quote(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return strings.Join(lines, "\n")
}

// asHTML shows text in HTML as it is.
func asHTML(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimSpace(text)), "\n", "<br>\n")
}

var replyMarks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*((re|aw|sv|vs|antw|rv|odp|fwd?|wg|tr)(\[\d+\])?\s*:\s*)+`)
})

// baseSubject is a subject without the marks of replies and forwards.
func baseSubject(s string) string {
	return strings.TrimSpace(replyMarks().ReplaceAllString(tool.CleanLine(s), ""))
}

var bracketed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<[^<>\s]{1,900}>`) })

func messageIDs(field string) []string { return bracketed().FindAllString(field, -1) }

// messageIDOf returns a Message-ID that can stand in another mail's header.
func messageIDOf(field string) string {
	id := bracketed().FindString(field)
	if compose.OneLine("message id", id) != nil {
		return ""
	}
	return id
}
