package popup

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/internal/approval"
	"postern/ui/text"
)

// called is the client's name in the middle of a sentence, without quotation marks.
func called(r approval.Request) string {
	if n := name(r.Client); n != "" {
		return n
	}
	return text.T("popup.nameless")
}

// quoted is the client's name in quotation marks: they say that it is no more than a name.
func quoted(r approval.Request) string {
	if name(r.Client) == "" {
		return called(r)
	}
	return text.T("popup.quoted", text.Values{"Client": called(r)})
}

// durationWords says how long something lasts.
func durationWords(d time.Duration) string {
	switch {
	case d == forever:
		return text.T("popup.forever")
	case d%day == 0:
		return text.N("popup.days", int(d/day))
	}
	return text.N("popup.hours", max(1, int(d/time.Hour)))
}

// countdown says how much time is left to answer.
func countdown(left time.Duration) string {
	s := max(0, int((left+time.Second-1)/time.Second))
	return text.T("popup.left", text.Values{"Time": fmt.Sprintf("%d:%02d", s/60, s%60)})
}

// needs says what a yes still lacks, "" for nothing.
func needs(gaps []gap) string {
	var all []string
	for _, g := range gaps {
		switch g {
		case noNumber:
			all = append(all, text.T("popup.needs.number"))
		case noProfile:
			all = append(all, text.T("popup.needs.profile"))
		case noScope:
			all = append(all, text.T("popup.needs.scope"))
		case noHost:
			all = append(all, text.T("popup.needs.host"))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return text.T("popup.needs", text.Values{"What": strings.Join(all, ", ")})
}

// gives says what Allow does.
func gives(c *choice) string {
	r := c.request
	switch {
	case r.Kind == approval.Widen:
		return text.T("popup.gives.widen")
	case r.Kind == approval.Connect && r.Offer != nil:
		n := len(c.chosen(r.Offer.Scopes, c.scopes))
		what := text.N("popup.gives.scopes", n)
		chosen := c.chosen(r.Offer.Profiles, c.profiles)
		whose := text.N("popup.gives.profiles", len(chosen))
		for _, p := range r.Offer.Profiles {
			if len(chosen) == 1 && p.ID == chosen[0] {
				whose = line(p.Title, maxName)
			}
		}
		if c.lasts == forever {
			return text.T("popup.gives.endless", text.Values{"Client": called(r), "What": what, "Whose": whose})
		}
		return text.T("popup.gives", text.Values{"Client": called(r), "What": what, "Whose": whose, "Time": durationWords(c.lasts)})
	}
	if r.Class == "write" { // the queue's owner keeps the yes for a day
		return text.T("popup.gives.write")
	}
	return text.T("popup.gives.action")
}

// sentence says what became of an answer that was not taken.
func sentence(err error) string {
	switch {
	case errors.Is(err, approval.ErrWrongNumber):
		return text.T("popup.error.number")
	case errors.Is(err, approval.ErrNumber):
		return text.T("popup.error.nonumber")
	case errors.Is(err, approval.ErrHost):
		return text.T("popup.error.host")
	case errors.Is(err, approval.ErrChanged):
		return text.T("popup.error.changed")
	case errors.Is(err, approval.ErrAskerGone):
		return text.T("popup.error.gone")
	case errors.Is(err, approval.ErrSettled), errors.Is(err, approval.ErrNotFound):
		return text.T("popup.elsewhere")
	}
	return text.T("popup.error", text.Values{"Error": line(err.Error(), maxLine)})
}
