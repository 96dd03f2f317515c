package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/ui/text"
)

// provider is by which way Postern is reached from outside: ngrok, or a proxy of the owner's own.
type provider struct {
	w       *window
	account *account
	box     *fyne.Container
	fields  map[string]*field
	choice  *fyne.Container // of the way
	own     *fyne.Container // where the own proxy is
	ways    *rows[ownWays]
	ngrok   *rows[ngrokWay]
}

// ownWays is what leads from outside to a place on this computer.
type ownWays struct{ Behind string }

// ngrokWay is the account at ngrok that there is.
type ngrokWay struct {
	Domain string
	On     bool
}

func newProvider(w *window, a *account) *provider {
	p := &provider{w: w, account: a, fields: map[string]*field{}, choice: container.NewVBox(), own: container.NewVBox()}
	p.ways = newRows(func(ownWays) string { return "" }, p.waysRow)
	p.ngrok = newRows(func(ngrokWay) string { return "" }, p.ngrokRow)
	p.box = container.NewVBox(newPanel(p.choice, p.ngrok.box, p.own, p.ways.box))
	return p
}

func (p *provider) update(s desk.Snapshot) {
	for _, one := range s.Settings {
		f, box := p.fields[one.Name], p.own
		switch {
		case one.Name == "tunnel.provider":
			box = p.choice
		case one.Name != "tunnel.url" && one.Name != "tunnel.behind":
			continue
		}
		if f != nil {
			f.update(one)
			continue
		}
		f = p.w.settings.newField(one)
		p.fields[one.Name] = f
		if one.Name == "tunnel.url" { // it comes first: the other has a default
			box.Objects = append([]fyne.CanvasObject{f.box}, box.Objects...)
			box.Refresh()
			continue
		}
		box.Add(f.box)
	}
	var own []ownWays
	var ngrok []ngrokWay
	switch domain := s.Setting("tunnel.domain"); {
	case s.Setting("tunnel.provider") == settings.OwnURL:
		own = []ownWays{{plain(s.Setting("tunnel.behind"), longestLine)}}
	case domain != "":
		ngrok = []ngrokWay{{plain(domain, longestLine), s.Tunnel.On()}}
	}
	p.ways.set(own)
	p.ngrok.set(ngrok)
	if own == nil {
		p.own.Hide()
	} else {
		p.own.Show()
	}
	if len(p.fields) == 0 {
		p.box.Hide()
	} else {
		p.box.Show()
	}
}

func (p *provider) ngrokRow(n ngrokWay) fyne.CanvasObject {
	if n.On {
		return column(labelled(text.T("share.domain"), line(n.Domain)), aside(text.T("share.provider_on")))
	}
	return labelled(text.T("share.domain"), container.NewBorder(nil, nil, nil, newButton(text.T("share.account_change"), nil, p.account.change), line(n.Domain)))
}

// waysRow shows how others lead here.
func (p *provider) waysRow(o ownWays) fyne.CanvasObject {
	all := container.NewVBox(widget.NewSeparator(), column(subheading(text.T("share.ways")), aside(text.T("share.ways_text"))))
	for _, w := range []struct{ name, says, command string }{
		{"Tailscale Funnel", text.T("share.way_tailscale"), "tailscale funnel http://" + o.Behind},
		{"cloudflared", text.T("share.way_cloudflared"), "cloudflared tunnel run --url http://" + o.Behind + " postern"},
		{"Caddy", text.T("share.way_caddy"), "caddy reverse-proxy --from postern.example.com --to " + o.Behind},
		{"SSH", text.T("share.way_ssh"), "ssh -N -R 127.0.0.1:7879:" + o.Behind + " you@postern.example.com"},
	} {
		all.Add(column(container.NewBorder(nil, nil, nil, p.w.copier(text.T("window.copy"), w.command), subheading(w.name)), aside(w.says), code(w.command)))
	}
	return all
}
