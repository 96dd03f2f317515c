package popup

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// connectCard asks whether a client is let in, and to what.
func connectCard(r approval.Request, c *choice, a acts) *card {
	o := r.Offer
	if o == nil {
		o = &approval.Offer{}
	}
	body := below(2)
	body.Add(who(r, o))
	body.Add(destination(r, o, c, a))
	body.Add(numbers(r, c, a))
	body.Add(profiles(o, c, a))
	for _, part := range scopes(o, c, a, body) {
		body.Add(part)
	}
	body.Add(lasting(c, a))
	block := newButton(a.hands, text.T("popup.block"), widget.LowImportance, a.block)
	return frame(r, text.T("popup.connect.title", text.Values{"Client": called(r)}), body, nil, []*button{block}, a, false)
}

// internet begins what the server says of where a question from outside came from; the window says that itself.
const internet = "the internet, "

// who is what the client calls itself, and who vouches for that.
func who(r approval.Request, o *approval.Offer) fyne.CanvasObject {
	identity := marked(theme.NewWarningThemedResource(theme.WarningIcon()), text.T("popup.unverified"))
	if o.Identity != "" {
		identity = marked(theme.NewSuccessThemedResource(theme.ConfirmIcon()), text.T("popup.verified", text.Values{"Host": address(o.Identity)}))
	}
	from := plain(text.T("popup.local"))
	if o.Public {
		from = plain(text.T("popup.outside", text.Values{"From": line(strings.TrimPrefix(o.From, internet), maxName)}))
	}
	return row(text.T("popup.calls"), below(-14, bold(quoted(r)), identity, from))
}

// destination is where access would be sent: what a client cannot make up.
func destination(r approval.Request, o *approval.Offer, c *choice, a acts) fyne.CanvasObject {
	t := calm
	switch {
	case o.Stranger():
		t = red
	case o.Target == "loopback" || o.Known == "":
		t = amber
	}
	head := address(o.Host)
	switch {
	case o.Target == "loopback":
		head = text.T("popup.loopback")
	case o.Known != "":
		head = text.T("popup.known", text.Values{"App": line(o.Known, maxName), "Host": address(o.Host)})
	}
	inside := below(-12)
	if head != "" {
		inside.Add(bold(head))
	}
	inside.Add(mono(address(o.SendTo)))
	for _, w := range warnings(r) {
		inside.Add(w)
	}
	if o.Stranger() {
		host := newEntry(a.hands, text.T("popup.host.hint"), func(s string) { c.host = s; a.changed() })
		inside = below(2, inside, container.New(inset{left: 8, right: 8, bottom: 8}, host))
	}
	return row(text.T("popup.sent"), box(t, inside))
}

// profiles are the Google accounts to choose from.
func profiles(o *approval.Offer, c *choice, a acts) fyne.CanvasObject {
	all := below(-10)
	for _, p := range o.Profiles {
		all.Add(ticked(p.ID, upright(line(p.Title, maxLine)), c.profiles, line1, a))
	}
	return row(text.T("popup.profiles"), all)
}

// ticked is a check box over one choice.
func ticked(id, label string, chosen map[string]bool, room float32, a acts) *tick {
	return newTick(a.hands, cut(label, room), chosen[id], func(on bool) { chosen[id] = on; a.changed() })
}

// cut shortens a label so that it is no wider than the room for it.
func cut(s string, room float32) string {
	runes := []rune(s)
	wide := func(s string) bool {
		return fyne.MeasureText(s, theme.TextSize(), fyne.TextStyle{}).Width > room
	}
	if !wide(s) {
		return s
	}
	for len(runes) > 1 && wide(string(runes)+"…") {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// scopes are what the client may do, in three parts: what it asks for, what of that other people would see, and what
// else could be given, which shows on request.
func scopes(o *approval.Offer, c *choice, a acts, body *fyne.Container) []fyne.CanvasObject {
	var asked, risky, other []approval.Choice
	for _, s := range o.Scopes {
		switch {
		case !s.Asked:
			other = append(other, s)
		case s.Risky:
			risky = append(risky, s)
		default:
			asked = append(asked, s)
		}
	}
	var parts []fyne.CanvasObject
	if len(asked) > 0 {
		parts = append(parts, row(text.T("popup.asked"), ticks(asked, c, a)))
	}
	if len(risky) > 0 {
		parts = append(parts, row(text.T("popup.risky"), box(amber, below(-12, plain(text.T("popup.risky.note")), ticks(risky, c, a)))))
	}
	if len(other) > 0 {
		open := newButton(a.hands, text.N("popup.other", len(other)), widget.MediumImportance, nil)
		open.Icon = theme.MenuDropDownIcon()
		fold := row("", container.New(inset{left: 8}, container.NewHBox(open)))
		open.OnTapped = func() {
			more := ticks(other, c, a)
			body.Objects[indexOf(body, fold)] = row(text.T("popup.other.label"), more)
			a.grown(firstTick(more))
		}
		parts = append(parts, fold)
	}
	return parts
}

func indexOf(in *fyne.Container, o fyne.CanvasObject) int {
	for i, one := range in.Objects {
		if one == o {
			return i
		}
	}
	return -1
}

// The room for the label of a check box: of one that has a line for itself, and of one of two.
const (
	boxed = 40 // the box itself and its margins
	line1 = width - labels - 2*margin - barWidth - boxed
	line2 = (width-labels-2*margin-barWidth)/2 - boxed
)

// ticks are check boxes in two columns; one that is too long for its column has a line for itself.
func ticks(all []approval.Choice, c *choice, a acts) fyne.CanvasObject {
	lines := below(-10)
	var pair *fyne.Container
	for _, s := range all {
		label := scopeTitle(s)
		if s.Risky && !s.Asked {
			label += " " + text.T("popup.risky.mark")
		}
		if cut(label, line2) != label {
			lines.Add(ticked(s.ID, label, c.scopes, line1, a))
			continue
		}
		one := ticked(s.ID, label, c.scopes, line2, a)
		if pair == nil {
			pair = container.New(beside{}, one, layout.NewSpacer())
			lines.Add(pair)
			continue
		}
		pair.Objects[1], pair = one, nil
	}
	return lines
}

// firstTick is the first check box in something, nil if there is none.
func firstTick(in fyne.CanvasObject) fyne.Focusable {
	switch o := in.(type) {
	case *tick:
		return o
	case *fyne.Container:
		for _, one := range o.Objects {
			if f := firstTick(one); f != nil {
				return f
			}
		}
	}
	return nil
}

// lasting is until when.
func lasting(c *choice, a acts) fyne.CanvasObject {
	line := container.New(flow{width: width - labels - 2*margin - 8, gap: 4})
	var fill func(endless bool)
	fill = func(endless bool) {
		line.RemoveAll()
		var all []*button
		var each []time.Duration
		paint := func() {
			for i, b := range all {
				b.Importance = widget.MediumImportance
				if each[i] == c.lasts {
					b.Importance = widget.HighImportance
				}
				b.Refresh()
			}
		}
		for _, d := range c.durations(endless) {
			b := newButton(a.hands, durationWords(d), widget.MediumImportance, func() {
				c.lasts = d
				paint()
				a.changed()
			})
			all, each = append(all, b), append(each, d)
			line.Add(b)
		}
		paint()
		if c.request.Offer.Public && !endless {
			line.Add(newButton(a.hands, text.T("popup.longer"), widget.MediumImportance, func() {
				fill(true)
				a.grown(line.Objects[len(line.Objects)-2].(*button)) // from there Tab leads to what is new
			}))
		}
	}
	fill(false)
	return row(text.T("popup.until"), container.New(inset{left: 8, top: 4, bottom: 4}, line))
}
