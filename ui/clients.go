package ui

import (
	"cmp"
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/desk"
	"postern/ui/text"
)

// clientsView is the page of who waits, who was let in, and who is kept out.
type clientsView struct {
	w       *window
	bridge  Clients
	pairing *pairing
	root    fyne.CanvasObject
	waiting *rows[waitingLine]
	cards   *rows[clientCard]
}

// waitingLine is a request in one line; the pop-up shows the rest.
type waitingLine struct{ ID, Title, Text string }

// clientCard is a client in words.
type clientCard struct {
	ID, Title, Vouched, Used string
	Section                  string // the heading above it, if it is the first of its kind; alone, with no client, for none at all
	Text                     string // of a section
	Blocked                  bool
	Grants                   []grantLine
}

// grantLine is a grant in words.
type grantLine struct {
	Grant                                 desk.Grant
	Profiles, Scopes, Until, Sent, Public string
}

func newClients(w *window) *clientsView {
	v := &clientsView{w: w, bridge: w.app.config.Bridge, pairing: newPairing(w)}
	v.waiting = newRows(func(l waitingLine) string { return l.ID }, v.waitingRow)
	v.cards = newRows(func(c clientCard) string { return c.ID + c.Section }, v.card)
	v.root = page(text.T("window.clients"), nil, container.NewVBox(v.waiting.box, v.pairing.rows.box, v.cards.box))
	return v
}

func (v *clientsView) content() fyne.CanvasObject { return v.root }

func (v *clientsView) update(s desk.Snapshot) {
	waiting := make([]waitingLine, 0, len(s.Waiting))
	for _, r := range s.Waiting {
		waiting = append(waiting, v.waitingOf(r))
	}
	v.waiting.set(waiting)
	v.pairing.update(s)
	var allowed, outside, blocked []clientCard
	for _, c := range s.Clients {
		card := v.cardOf(c)
		switch {
		case c.Blocked:
			blocked = append(blocked, card)
		case len(c.Grants) > 0:
			allowed = append(allowed, card)
		default:
			outside = append(outside, card)
		}
	}
	all := []clientCard{{Section: text.T("clients.allowed")}}
	if len(allowed) == 0 {
		all[0].Text = text.T("clients.none")
	}
	all = append(all, allowed...)
	if len(outside) > 0 {
		all = append(append(all, clientCard{Section: text.T("clients.outside"), Text: text.T("clients.outside_text")}), outside...)
	}
	if len(blocked) > 0 {
		all = append(append(all, clientCard{Section: text.T("clients.blocked"), Text: text.T("clients.blocked_text")}), blocked...)
	}
	v.cards.set(all)
}

func (v *clientsView) waitingOf(r approval.Request) waitingLine {
	who := text.Values{"Client": name(r.Client)}
	l := waitingLine{ID: r.ID, Text: text.T("clients.waits_since", text.Values{"When": ago(r.CreatedAt, v.w.app.config.Now())})}
	switch {
	case r.Kind == approval.Connect && r.Offer != nil && r.Offer.Quiet && !r.Offer.Public:
		l.Title = text.T("clients.waits_again", who)
	case r.Kind == approval.Connect && r.Offer != nil && r.Offer.Quiet:
		l.Title = text.T("clients.waits_unexpected", who)
	case r.Kind == approval.Connect:
		l.Title = text.T("clients.waits_connect", who)
	case r.Kind == approval.Widen:
		l.Title = text.T("clients.waits_widen", who)
	default:
		l.Title = plain(r.Preview.Title, longestLine)
		l.Text = text.T("clients.waits_action", text.Values{"Client": name(r.Client), "When": ago(r.CreatedAt, v.w.app.config.Now())})
	}
	return l
}

func (v *clientsView) waitingRow(l waitingLine) fyne.CanvasObject {
	return newPanel(container.NewBorder(nil, nil, nil, container.NewCenter(newButton(text.T("window.review"), nil, v.w.app.ShowRequests).main()),
		column(subheading(l.Title), line(l.Text)))).edged(theme.ColorNameWarning)
}

func (v *clientsView) cardOf(c desk.Client) clientCard {
	now := v.w.app.config.Now()
	card := clientCard{ID: c.ID, Title: text.T("clients.title", text.Values{"Name": name(c.Name)}), Vouched: text.T("clients.vouched_nobody"), Blocked: c.Blocked}
	if c.Identity != "" {
		card.Vouched = text.T("clients.vouched", text.Values{"Host": plain(c.Identity, longestLine)})
	}
	switch {
	case c.LastUsedAt.IsZero():
		card.Used = text.T("clients.never_used", text.Values{"When": day(c.CreatedAt, now)})
	case c.LastFrom == activity.Public:
		card.Used = text.T("clients.used_public", text.Values{"When": ago(c.LastUsedAt, now)})
	default:
		card.Used = text.T("clients.used_local", text.Values{"When": ago(c.LastUsedAt, now)})
	}
	for _, g := range c.Grants {
		l := grantLine{Grant: g, Profiles: joined(titlesOf(g.Profiles, text.T("clients.removed_profile"))), Scopes: joined(titlesOf(g.Scopes, text.T("window.nameless"))), Until: ends(g.ExpiresAt, now), Sent: plain(g.SentTo, longestLine)}
		if g.Public {
			l.Public = text.T("clients.from_public")
		}
		l.Grant.LastUsedAt, l.Grant.Tools = g.CreatedAt, nil // they change with each call, and are not shown
		card.Grants = append(card.Grants, l)
	}
	return card
}

// titlesOf is how choices are called; gone stands in for what is no more.
func titlesOf(all []desk.Choice, gone string) []string {
	titles := make([]string, len(all))
	for i, c := range all {
		titles[i] = cmp.Or(plain(c.Title, longestName), gone)
	}
	return titles
}

func (v *clientsView) card(c clientCard) fyne.CanvasObject {
	if c.Section != "" {
		head := subheading(c.Section)
		head.SizeName = theme.SizeNameSubHeadingText
		if c.Text == "" {
			return head
		}
		return column(head, aside(c.Text))
	}
	used := line(c.Used)
	used.Importance = widget.LowImportance
	all := []fyne.CanvasObject{column(subheading(c.Title), aside(c.Vouched), used)}
	for _, g := range c.Grants {
		all = append(all, widget.NewSeparator(), v.grant(c, g))
	}
	if c.Blocked {
		return newPanel(append(all, buttons(newButton(text.T("clients.unblock"), nil, func() { v.unblock(c) })))...)
	}
	block := newButton(text.T("clients.block"), nil, func() { v.block(c) })
	switch len(c.Grants) {
	case 0:
		return newPanel(append(all, buttons(block))...)
	case 1: // its button stands with those of its one grant
		more(all[len(all)-1].(*fyne.Container).Objects[1].(*fyne.Container), block)
		return newPanel(all...)
	}
	return newPanel(append(all, widget.NewSeparator(), buttons(newButton(text.T("clients.revoke_all"), nil, func() { v.revokeAll(c) }), block))...)
}

// grant is what was given, and what can be done about it.
func (v *clientsView) grant(c clientCard, g grantLine) *fyne.Container {
	facts := column(labelled(text.T("clients.profiles"), paragraph(g.Profiles)), labelled(text.T("clients.may"), paragraph(g.Scopes)),
		labelled(text.T("clients.until"), paragraph(g.Until)), labelled(text.T("clients.sent"), line(g.Sent)))
	if g.Public != "" {
		facts.Add(labelled(text.T("clients.from"), paragraph(g.Public)))
	}
	return container.NewVBox(facts, buttons(newButton(text.T("clients.change"), nil, func() { v.change(c, g.Grant) }),
		newButton(text.T("clients.revoke"), nil, func() { v.revoke(c, g) })))
}

func (v *clientsView) revoke(c clientCard, g grantLine) {
	confirm(v.w, text.T("clients.revoke_title", text.Values{"Client": c.Title}), text.T("clients.revoke_text"), text.T("clients.revoke_do"), func() {
		v.w.app.work.run(text.T("clients.revoking"), func(ctx context.Context) error { return v.bridge.RevokeGrant(ctx, g.Grant.ID, byOwner) }, nil)
	})
}

func (v *clientsView) revokeAll(c clientCard) {
	confirm(v.w, text.T("clients.revoke_title", text.Values{"Client": c.Title}), text.T("clients.revoke_text"), text.T("clients.revoke_do"), func() {
		v.w.app.work.run(text.T("clients.revoking"), func(ctx context.Context) error {
			_, err := v.bridge.RevokeClient(ctx, c.ID, byOwner)
			return err
		}, nil)
	})
}

// byOwner is the reason that the record keeps of a grant that ends here.
const byOwner = "revoked by the owner"

func (v *clientsView) block(c clientCard) {
	confirm(v.w, text.T("clients.block_title", text.Values{"Client": c.Title}), text.T("clients.block_text"), text.T("clients.block_do"), func() {
		v.w.app.work.run(text.T("clients.blocking"), func(ctx context.Context) error { return v.bridge.BlockClient(ctx, c.ID) }, nil)
	})
}

func (v *clientsView) unblock(c clientCard) {
	v.w.app.work.run(text.T("clients.unblocking"), func(ctx context.Context) error { return v.bridge.UnblockClient(ctx, c.ID) }, nil)
}
