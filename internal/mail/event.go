package mail

import (
	"bytes"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Event is a calendar invitation in a mail, RFC 5545 and RFC 5546.
type Event struct {
	Method    string // REQUEST, REPLY, CANCEL; "" if it does not say
	Summary   string
	Start     time.Time
	End       time.Time
	AllDay    bool
	Location  string
	Organizer string
	Attendees []string // "ada@example.com (accepted)"
	Recurs    string   // RRULE; "" for a single event
	Status    string
}

// maxComponents is how deep components of a calendar may lie within another: an alarm lies in an event in a calendar.
const maxComponents = 10

// nested reports a calendar whose components lie too deep within another: the parser calls itself for each.
func nested(data []byte) bool {
	depth := 0
	for line := range bytes.Lines(data) {
		switch word, _, _ := bytes.Cut(bytes.ToUpper(bytes.TrimSpace(line)), []byte(":")); string(word) {
		case "BEGIN":
			if depth++; depth > maxComponents {
				return true
			}
		case "END":
			depth--
		}
	}
	return false
}

// ReadEvents returns the events of an iCalendar file; none if it cannot be read. The parser panics on some broken input.
func ReadEvents(data []byte) (events []Event) {
	if nested(data) {
		return nil
	}
	defer func() {
		if recover() != nil {
			events = nil
		}
	}()
	cal, err := ics.ParseCalendar(bytes.NewReader(bytes.ToValidUTF8(data, []byte("\uFFFD"))))
	if err != nil {
		return nil
	}
	method := ""
	for _, p := range cal.CalendarProperties {
		if strings.EqualFold(p.IANAToken, "METHOD") {
			method = strings.ToUpper(p.Value)
		}
	}
	for _, e := range cal.Events() {
		ev := Event{Method: method, Summary: value(e, ics.ComponentPropertySummary), Location: value(e, ics.ComponentPropertyLocation), Status: value(e, ics.ComponentPropertyStatus), Recurs: value(e, ics.ComponentPropertyRrule)}
		ev.Organizer = mailto(value(e, ics.ComponentPropertyOrganizer))
		if p := e.GetProperty(ics.ComponentPropertyDtStart); p != nil && len(strings.TrimSpace(p.Value)) == len("20060102") {
			ev.AllDay = true
		}
		if ev.AllDay {
			ev.Start, _ = e.GetAllDayStartAt()
			ev.End, _ = e.GetAllDayEndAt()
		} else {
			ev.Start, _ = e.GetStartAt()
			ev.End, _ = e.GetEndAt()
		}
		for _, a := range e.Attendees() {
			who := mailto(a.Email())
			if s := strings.ToLower(string(a.ParticipationStatus())); s != "" && s != "needs-action" {
				who += " (" + s + ")"
			}
			ev.Attendees = append(ev.Attendees, who)
		}
		events = append(events, ev)
	}
	return events
}

func value(e *ics.VEvent, name ics.ComponentProperty) string {
	if p := e.GetProperty(name); p != nil {
		return ics.FromText(p.Value)
	}
	return ""
}

func mailto(s string) string {
	if len(s) >= 7 && strings.EqualFold(s[:7], "mailto:") {
		return s[7:]
	}
	return s
}

// Markdown says the event in a few lines.
func (e Event) Markdown() string {
	var b strings.Builder
	what := map[string]string{"REQUEST": "invitation", "CANCEL": "cancellation", "REPLY": "answer to an invitation"}[e.Method]
	if what == "" {
		what = "event"
	}
	b.WriteString("calendar " + what + ": " + e.Summary + "\n")
	const moment = "Mon 2 Jan 2006 15:04 MST"
	switch {
	case e.AllDay && !e.Start.IsZero():
		b.WriteString("when: " + e.Start.Format("Mon 2 Jan 2006") + " (all day)\n")
	case !e.Start.IsZero() && !e.End.IsZero():
		b.WriteString("when: " + e.Start.Format(moment) + " to " + e.End.Format(moment) + "\n")
	case !e.Start.IsZero():
		b.WriteString("when: " + e.Start.Format(moment) + "\n")
	}
	for _, line := range []struct{ name, value string }{{"repeats", e.Recurs}, {"where", e.Location}, {"organizer", e.Organizer}, {"attendees", strings.Join(e.Attendees, ", ")}} {
		if line.value != "" {
			b.WriteString(line.name + ": " + line.value + "\n")
		}
	}
	return b.String()
}
