package extract

import (
	"fmt"
	"strings"

	"postern/internal/mail"
)

func htmlText(data []byte) (string, error) {
	text, err := plain(data)
	if err != nil {
		return "", err
	}
	return mail.HTMLToMarkdown([]byte(text), true), nil
}

func mailText(data []byte) (string, error) {
	root, err := mail.FromRaw(data)
	if err != nil {
		return "", err
	}
	m := mail.Read(root, mail.Options{Quoted: true})
	var b strings.Builder
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date"} {
		if v := m.Header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", m.Text)
	for _, a := range m.Attachments {
		fmt.Fprintf(&b, "\n[attachment: %s, %d bytes]", a.Name, a.Size)
	}
	return b.String(), nil
}

func calendarText(data []byte) (string, error) {
	events := mail.ReadEvents(data)
	if len(events) == 0 {
		return plain(data)
	}
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Markdown() + "\n")
	}
	return b.String(), nil
}
