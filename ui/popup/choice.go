package popup

import (
	"slices"
	"strings"
	"time"

	"postern/internal/approval"
)

// via names this face in an answer.
const via = "desktop"

// Durations that are offered for a grant; 0 is until it is revoked.
const (
	day     = 24 * time.Hour
	forever = time.Duration(0)
)

// choice is what the owner has chosen so far.
type choice struct {
	request  approval.Request
	number   string
	host     string // as it was typed
	reason   string // why not
	profiles map[string]bool
	scopes   map[string]bool
	lasts    time.Duration
}

// newChoice proposes what is usual: what was asked for without what is risky.
func newChoice(r approval.Request) *choice {
	c := &choice{request: r, profiles: map[string]bool{}, scopes: map[string]bool{}}
	if r.Kind != approval.Connect || r.Offer == nil {
		return c
	}
	usual := r.Offer.Usual(time.Time{})
	for _, id := range usual.Profiles {
		c.profiles[id] = true
	}
	for _, id := range usual.Scopes {
		c.scopes[id] = true
	}
	c.lasts = r.Offer.Longest
	if c.lasts <= 0 {
		c.lasts = forever
	}
	if c.lasts == forever && r.Offer.Public {
		c.lasts = 180 * day
	}
	return c
}

// durations are those to choose from, the shortest first. What came from outside is not offered access without an end
// before the owner asks for that.
func (c *choice) durations(endless bool) []time.Duration {
	all := []time.Duration{time.Hour, day, 30 * day, 180 * day}
	if l := c.request.Offer.Longest; l > 0 && !slices.Contains(all, l) {
		all = append(all, l)
		slices.Sort(all)
	}
	if endless || !c.request.Offer.Public {
		all = append(all, forever)
	}
	return all
}

// gap is something that a yes still lacks.
type gap int

// What a yes may lack, in the order to say it.
const (
	noNumber gap = iota
	noProfile
	noScope
	noHost
)

// missing returns what a yes still lacks.
func (c *choice) missing() []gap {
	var all []gap
	o := c.request.Offer
	if c.request.Kind != approval.Connect || o == nil {
		return nil
	}
	if c.number == "" {
		all = append(all, noNumber)
	}
	if len(c.chosen(o.Profiles, c.profiles)) == 0 {
		all = append(all, noProfile)
	}
	if len(c.chosen(o.Scopes, c.scopes)) == 0 {
		all = append(all, noScope)
	}
	if o.Stranger() && (o.Host == "" || !strings.EqualFold(strings.TrimSpace(c.host), o.Host)) {
		all = append(all, noHost)
	}
	return all
}

// chosen returns the ids of what is ticked, in the order of the offer.
func (c *choice) chosen(from []approval.Choice, ticked map[string]bool) []string {
	var ids []string
	for _, one := range from {
		if ticked[one.ID] {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// yes is the answer that allows what is chosen; once, for a widen question, for the refused call alone.
func (c *choice) yes(once bool, now time.Time) approval.Answer {
	a := approval.Answer{Approved: true, Via: via, Version: c.request.Version}
	o := c.request.Offer
	switch {
	case o == nil:
	case c.request.Kind == approval.Widen:
		t := approval.Terms{Once: once}
		for _, s := range o.Scopes {
			t.Scopes = append(t.Scopes, s.ID)
		}
		a.Terms = &t
	case c.request.Kind == approval.Connect:
		t := approval.Terms{Profiles: c.chosen(o.Profiles, c.profiles), Scopes: c.chosen(o.Scopes, c.scopes)}
		if c.lasts != forever {
			t.Expires = now.Add(c.lasts)
		}
		a.Terms, a.Number, a.Host = &t, c.number, strings.TrimSpace(c.host)
	}
	return a
}

// no is the answer that refuses.
func (c *choice) no() approval.Answer {
	return approval.Answer{Via: via, Reason: line(c.reason, maxReason)}
}
