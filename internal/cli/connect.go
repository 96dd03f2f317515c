package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/internal/approval"
	"postern/internal/settings"
)

// given is how the owner says on the command line what a client gets.
type given struct {
	number, host, profiles, scopes, expires string
	once                                    bool
	instead                                 string // of an action
}

// terms reads what the owner gives; what is not said is as usual: what was asked for without what is risky, the one
// profile that there is, and half a year.
func (g given) terms(r approval.Request, now time.Time) (*approval.Terms, error) {
	if r.Kind == approval.Action {
		if g != (given{instead: g.instead}) {
			return nil, usageError{fmt.Errorf("--number, --host, --profiles, --scopes, --expires and --once are for clients that want to be let in, or more")}
		}
		return nil, nil
	}
	if g.instead != "" {
		return nil, usageError{fmt.Errorf("--instead is for calls that wait, not for clients that want to be let in, or more")}
	}
	t := r.Offer.Usual(now)
	if r.Kind == approval.Widen {
		t = approval.Terms{}
		for _, s := range r.Offer.Scopes {
			t.Scopes = append(t.Scopes, s.ID)
		}
	}
	var err error
	if g.scopes != "" {
		if t.Scopes, err = chosen(g.scopes, r.Offer.Scopes, "scope"); err != nil {
			return nil, err
		}
	}
	if g.profiles != "" {
		if t.Profiles, err = chosen(g.profiles, r.Offer.Profiles, "profile"); err != nil {
			return nil, err
		}
	}
	if r.Kind == approval.Connect && len(t.Profiles) == 0 {
		return nil, fmt.Errorf("which profiles? Say --profiles with one or more of: %s", titles(r.Offer.Profiles))
	}
	if len(t.Scopes) == 0 {
		return nil, fmt.Errorf("which scopes? Say --scopes with one or more of: %s", ids(r.Offer.Scopes))
	}
	if g.expires != "" && r.Kind == approval.Widen {
		return nil, usageError{fmt.Errorf("what a client gets more lasts as long as what it has: --expires is for clients that want to be let in")}
	}
	if t.Once = g.once; t.Once && r.Kind != approval.Widen {
		return nil, usageError{fmt.Errorf("--once is for clients that want more than they were given")}
	}
	if g.expires != "" {
		if t.Expires, err = expiry(g.expires, now); err != nil {
			return nil, err
		}
	}
	return &t, nil
}

// chosen reads a list of choices: by id, or by the name with which a title begins.
func chosen(list string, choices []approval.Choice, what string) ([]string, error) {
	var all []string
	for _, name := range settings.SplitList(list) {
		i := slices.IndexFunc(choices, func(c approval.Choice) bool {
			first, _, _ := strings.Cut(c.Title, " ")
			return c.ID == name || what == "profile" && strings.EqualFold(first, name)
		})
		if i < 0 {
			offered := ids(choices)
			if what == "profile" {
				offered = titles(choices)
			}
			return nil, usageError{fmt.Errorf("there is no %s %q to give: there are %s", what, line(name), offered)}
		}
		if !slices.Contains(all, choices[i].ID) {
			all = append(all, choices[i].ID)
		}
	}
	return all, nil
}

func ids(choices []approval.Choice) string {
	var all []string
	for _, c := range choices {
		all = append(all, line(c.ID))
	}
	return strings.Join(all, ", ")
}

func titles(choices []approval.Choice) string {
	var all []string
	for _, c := range choices {
		all = append(all, line(c.Title))
	}
	return strings.Join(all, ", ")
}

// longestDays is the longest time that a grant gets, if it ends at all. Times of centuries cannot be kept.
const longestDays = 3650

// expiry reads when a grant ends: never, or after 12h, 30d and the like.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "never" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= longestDays {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 && d <= longestDays*24*time.Hour {
		return now.Add(d), nil
	}
	return time.Time{}, usageError{fmt.Errorf("--expires %q: want never, or a time such as 12h or 30d, at most %dd", line(s), longestDays)}
}

// offer prints who wants to be let in, or wants more, and what the owner can give.
func (f *face) offer(r approval.Request) {
	o := r.Offer
	vouched := "nobody: it registered itself"
	if o.Identity != "" {
		vouched = o.Identity
	}
	rows := [][2]string{{"Calls itself", fmt.Sprintf("%q", r.Client)}}
	if r.Kind == approval.Connect {
		rows = append(rows, [2]string{"Vouched by", vouched}, [2]string{"Sent to", o.SendTo})
		if o.Known != "" {
			rows = append(rows, [2]string{"", "known as " + o.Known})
		}
	}
	rows = append(rows, [2]string{"Asks from", o.From})
	for _, row := range rows {
		f.labelled(row[0], row[1])
	}
	f.fields(r.Preview.Fields)
	for _, w := range r.Preview.Warnings {
		f.labelled("Look", w.English)
	}
	fmt.Fprintln(f.out)
	for i, p := range o.Profiles {
		f.labelled(map[bool]string{true: "Profiles"}[i == 0], p.Title)
	}
	for i, s := range o.Scopes {
		note := s.ID + "  " + s.Title
		if s.Risky {
			note += ", you are asked each time"
		}
		if s.Asked {
			note += "  (asked for)"
		}
		f.labelled(map[bool]string{true: "Scopes"}[i == 0], note)
	}
}

// summary says in one line what a client gets.
func summary(r approval.Request, t approval.Terms) string {
	text := strings.Join(t.Scopes, " ")
	if len(t.Profiles) > 0 {
		var names []string
		for _, p := range r.Offer.Profiles {
			if slices.Contains(t.Profiles, p.ID) {
				names = append(names, line(p.Title))
			}
		}
		text += " of " + strings.Join(names, ", ")
	}
	if r.Kind == approval.Widen {
		return text
	}
	if t.Expires.IsZero() {
		return text + ", until you revoke it"
	}
	return text + ", until " + t.Expires.Local().Format(time.DateOnly)
}
