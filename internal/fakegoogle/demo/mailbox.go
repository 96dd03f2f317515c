package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/assets"
	"postern/internal/fakegoogle/gmail"
)

// mailbox is the data of the account, see assets/demo/mailbox.json. Days and hours count back from today and on from
// the first mail of a thread.
type mailbox struct {
	People  map[string]string `json:"people"`
	Threads []thread          `json:"threads"`
	Drafts  []draft           `json:"drafts"`
	Series  []series          `json:"series"`
}

type thread struct {
	Subject string   `json:"subject"`
	Days    float64  `json:"days"`
	Mails   []letter `json:"mails"`
	Labels  []string `json:"labels"`
	Files   []string `json:"files"` // kinds of files that the first mail has
	Charset string   `json:"charset"`
	Cc      string   `json:"cc"`
	To      string   `json:"to"`
	HTML    string   `json:"html"`
	Quoted  bool     `json:"quoted"` // replies repeat what they answer
}

type letter struct {
	From  string  `json:"from"`
	Text  string  `json:"text"`
	After float64 `json:"after"` // hours
}

type draft struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// series is mail that comes again and again.
type series struct {
	From     string   `json:"from"`
	Subject  string   `json:"subject"`
	Every    float64  `json:"every"` // days
	Count    int      `json:"count"`
	Labels   []string `json:"labels"`
	Variants []string `json:"variants"`
	Text     string   `json:"text"`
	HTML     string   `json:"html"`
	Files    []string `json:"files"`
	ICS      bool     `json:"ics"`
	Read     bool     `json:"read"`
}

// write fills the account.
func (d *Demo) write() error {
	var box mailbox
	if err := json.Unmarshal(assets.DemoMailbox, &box); err != nil {
		return fmt.Errorf("reading the sample mailbox: %w", err)
	}
	y, m, day := d.now().Date()
	// From midnight on, so that dates and ids are the same all day.
	w := writer{demo: d, people: box.People, today: time.Date(y, m, day, 0, 0, 0, 0, d.now().Location())}
	for i, t := range box.Threads {
		w.thread(i, t)
	}
	for i, s := range box.Series {
		w.series(i, s)
	}
	for i, dr := range box.Drafts {
		m := mime{from: w.people["me"], to: w.people[dr.To], subject: dr.Subject, date: w.today, id: fmt.Sprintf("draft-%d", i), text: dr.Text}
		d.Mail.AddDraft(Email, m.bytes())
	}
	d.Mail.AddSendAs(Email, api.SendAs{SendAsEmail: Email, DisplayName: "Dana Winter", IsPrimary: true, IsDefault: true, Signature: "<div>Dana Winter<br>Harbour Light Archives</div>"})
	d.Mail.AddSendAs(Email, api.SendAs{SendAsEmail: "archive@harbourlight.example", DisplayName: "Harbour Light Archive", VerificationStatus: "accepted"})
	return nil
}

type writer struct {
	demo   *Demo
	people map[string]string
	today  time.Time
}

// ago is a moment before today, never at night.
func (w writer) ago(days float64) time.Time {
	t := w.today.Add(-time.Duration(days * 24 * float64(time.Hour)))
	if t.Hour() < 7 {
		t = t.Add(-time.Duration(t.Hour()+3) * time.Hour)
	}
	return t
}

func (w writer) thread(n int, t thread) {
	var refs []string
	start := w.ago(t.Days)
	for i, l := range t.Mails {
		m := mime{
			from: w.people[l.From], to: w.people["me"], subject: t.Subject, date: start.Add(time.Duration(l.After * float64(time.Hour))), id: fmt.Sprintf("t%d.%d", n, i),
			text: l.Text, charset: t.Charset, refs: refs, html: page(t.HTML, t.Subject, l.Text),
		}
		if l.From == "me" {
			m.to = w.people[w.partner(t)]
		}
		if t.Cc != "" && t.Cc != "me" && t.Cc != l.From {
			m.cc = w.people[t.Cc]
		}
		if i > 0 {
			m.subject = "Re: " + strings.TrimPrefix(t.Subject, "Re: ")
			if t.Quoted {
				m.text += quotation(t.Mails[i-1], w.people, start)
			}
		} else {
			m.files = files(t.Files, t.Subject, start)
		}
		labels := t.Labels
		if l.From == "me" {
			labels = []string{"SENT"}
		} else if i < len(t.Mails)-1 {
			labels = without(labels, "UNREAD")
		}
		w.demo.Mail.AddMessage(Email, m.bytes(), gmail.Labeled(append([]string(nil), labels...)...))
		refs = append(refs, m.messageID())
	}
}

// partner is whom the owner writes to in a thread.
func (w writer) partner(t thread) string {
	if t.To != "" {
		return t.To
	}
	for _, l := range t.Mails {
		if l.From != "me" {
			return l.From
		}
	}
	return "me"
}

func quotation(l letter, people map[string]string, at time.Time) string {
	return "\n\nOn " + at.Add(time.Duration(l.After*float64(time.Hour))).Format("Mon, 2 Jan 2006 at 15:04") + ", " + people[l.From] + " wrote:\n> " + strings.ReplaceAll(l.Text, "\n", "\n> ")
}

func without(labels []string, label string) []string {
	var out []string
	for _, l := range labels {
		if l != label {
			out = append(out, l)
		}
	}
	return out
}

func (w writer) series(n int, s series) {
	for i := range s.Count {
		variant := s.Variants[i%len(s.Variants)]
		at := w.ago(0.5 + float64(i)*s.Every)
		fill := strings.NewReplacer("{n}", fmt.Sprint(900+s.Count-i), "{a}", variant, "{m}", fmt.Sprint(7+(i*5)%60))
		m := mime{from: w.people[s.From], to: w.people["me"], subject: fill.Replace(s.Subject), date: at, id: fmt.Sprintf("s%d.%d", n, i), text: fill.Replace(s.Text), list: s.HTML != ""}
		m.html = page(s.HTML, m.subject, m.text)
		if i < 2 {
			m.files = files(s.Files, m.subject, at)
		}
		if s.ICS {
			m.ics = invitation(variant, at)
		}
		labels := append([]string(nil), s.Labels...)
		if i < 3 && !s.Read {
			labels = append(labels, "UNREAD")
		}
		w.demo.Mail.AddMessage(Email, m.bytes(), gmail.Labeled(labels...))
	}
}
