package gmail

import "strings"

// document is a mail as the search sees it: every field as words, see words.
type document struct {
	from, to, cc, bcc, subject string
	list, delivered            string
	body                       string // text and file names; read it through message.bodyWords
	files                      []string
	attached                   bool
	links                      string // the body, folded but not cut into words
}

// doc returns what can be searched in the header alone.
func (m *message) doc() *document {
	m.docOnce.Do(func() {
		h := m.head()
		m.docOf.from = words(h.all("From"))
		m.docOf.to = words(h.all("To"))
		m.docOf.cc = words(h.all("Cc"))
		m.docOf.bcc = words(h.all("Bcc"))
		m.docOf.subject = words(h.all("Subject"))
		m.docOf.list = words(h.all("List-ID") + " " + h.all("List-Post") + " " + h.all("Mailing-List"))
		m.docOf.delivered = words(h.all("Delivered-To"))
	})
	return &m.docOf
}

// fullDoc also reads the body and the attachments' names.
func (m *message) fullDoc() *document {
	d := m.doc()
	m.bodyOf.Do(func() {
		text := bodyText(m.tree())
		var links strings.Builder
		m.tree().walk(func(p *part) {
			if p.attached() {
				d.attached = true
			}
			if p.filename != "" {
				d.files = append(d.files, fold(p.filename))
			}
			if p.inline() && p.media == "text/html" {
				links.Write(p.data())
			}
		})
		d.body = words(text + "\n" + strings.Join(d.files, "\n"))
		d.links = strings.ToLower(text + "\n" + links.String())
	})
	return d
}

// contains looks for words anywhere a plain search term may be.
func (m *message) contains(phrase string) bool {
	d := m.doc()
	for _, f := range []string{d.subject, d.from, d.to, d.cc, d.bcc} {
		if strings.Contains(f, phrase) {
			return true
		}
	}
	return strings.Contains(m.fullDoc().body, phrase)
}
