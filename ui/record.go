package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/ui/text"
)

// record is an entry of the activity in words.
type record struct {
	When    string
	Who     string
	What    string // the tool, or what the owner decided
	Profile string
	Outcome string
	Took    string
	How     activity.Outcome
}

func recordOf(e activity.Entry, now time.Time) record {
	r := record{When: clock(e.At, now), Who: name(e.Client), What: plain(e.Tool, longestName), Profile: plain(e.Profile, 40), How: e.Outcome}
	if e.Event != activity.Call && e.Event != "" {
		r.What = eventWord(e.Event)
		if e.Client == "" {
			r.Who = text.T("activity.you")
		}
	}
	switch {
	case e.Outcome != activity.OK || e.Event == activity.Call || e.Event == "":
		r.Outcome = outcomeWord(e.Outcome)
	case e.Event == activity.LetIn || e.Event == activity.Widened:
		r.Outcome = text.T("activity.allowed")
	}
	switch d := e.Duration; {
	case d <= 0:
	case d < time.Second:
		r.Took = text.T("activity.milliseconds", text.Values{"N": int(d / time.Millisecond)})
	default:
		r.Took = text.T("activity.seconds", text.Values{"N": d.Round(100 * time.Millisecond).Seconds()})
	}
	return r
}

func outcomeWord(o activity.Outcome) string {
	switch o {
	case activity.OK, activity.Failed, activity.Denied, activity.Pending, activity.Expired, activity.Cancelled:
		return text.T("activity.outcome." + string(o))
	}
	return plain(string(o), 30)
}

func eventWord(e activity.Event) string {
	switch e {
	case activity.LetIn:
		return text.T("activity.let_in")
	case activity.Widened:
		return text.T("activity.widened")
	case activity.Changed:
		return text.T("activity.changed")
	case activity.Cleared:
		return text.T("activity.cleared")
	case activity.Revoked:
		return text.T("activity.revoked")
	case activity.Ended:
		return text.T("activity.ended")
	case activity.Blocked:
		return text.T("activity.blocked")
	case activity.Unblocked:
		return text.T("activity.unblocked")
	case activity.Paused:
		return text.T("activity.paused")
	case activity.Resumed:
		return text.T("activity.resumed")
	case activity.Lockdown:
		return text.T("activity.lockdown")
	case activity.Lifted:
		return text.T("activity.lifted")
	case activity.Shared:
		return text.T("activity.shared")
	case activity.Unshared:
		return text.T("activity.unshared")
	}
	return plain(string(e), 30)
}

// recordLine draws a record: when, how it ended, who, what, with which profile, how long.
type recordLine struct {
	box                               *fyne.Container
	when, who, what, profile, outcome *widget.Label
	sign                              *widget.Icon
}

func newRecordLine() *recordLine {
	l := &recordLine{when: line(""), who: line(""), what: line(""), profile: line(""), outcome: line(""), sign: widget.NewIcon(nil)}
	l.when.Importance, l.profile.Importance, l.outcome.Importance = widget.LowImportance, widget.LowImportance, widget.LowImportance
	l.box = container.New(columns{1.75, 0.4, 2.1, 2.5, 1.2, 2}, l.when, container.NewPadded(l.sign), l.who, l.what, l.profile, l.outcome)
	return l
}

func (l *recordLine) set(r record) {
	l.when.SetText(r.When)
	l.who.SetText(r.Who)
	l.what.SetText(r.What)
	l.profile.SetText(r.Profile)
	how := r.Outcome
	if r.Took != "" {
		how = text.T("activity.how", text.Values{"Outcome": r.Outcome, "Took": r.Took})
	}
	l.outcome.SetText(how)
	l.sign.SetResource(outcomeSign(r.How))
}

// columns lays objects out beside each other, in shares of the width.
type columns []float32

func (c columns) Layout(all []fyne.CanvasObject, size fyne.Size) {
	var sum, x float32
	for _, share := range c {
		sum += share
	}
	for i, o := range all {
		w := size.Width * c[i] / sum
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(w, size.Height))
		x += w
	}
}

func (c columns) MinSize(all []fyne.CanvasObject) fyne.Size {
	m := fyne.NewSize(theme.IconInlineSize(), 0)
	for _, o := range all {
		m.Height = max(m.Height, o.MinSize().Height)
	}
	return m
}
