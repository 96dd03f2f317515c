package page

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Client is who asks, as far as it is known.
type Client struct {
	Name      string // what it calls itself; anybody may take any name
	Published string // the host that publishes its identity (CIMD), checked by fetching it from there; "" for none
	ByOwner   bool   // the owner has added it ("postern clients add")
}

// node is who asks, in two lines.
func (c Client) node() node {
	shown, identity := g.Text("No name"), "Not verified: it registered itself"
	if n := name(c.Name); n != "" {
		shown = quoted(n)
	}
	switch {
	case c.ByOwner:
		identity = "You added it yourself"
	case c.Published != "":
		identity = "Identity published by " + host(c.Published)
	}
	return g.Group{h.Strong(shown), h.Br(), h.Span(h.Class("soft small"), g.Text(identity))}
}

// called begins a sentence about the client.
func (c Client) called() string {
	if n := name(c.Name); n != "" {
		return "“" + n + "”"
	}
	return "The app"
}

// Destination is where the browser, and with it the access, is sent in the end. It comes from the redirect URI, and so
// is what a client cannot make up. The zero value counts as unknown.
type Destination struct {
	Host      string // in ASCII form, so that a look-alike shows as xn--…; with the port if it is not the usual one
	Scheme    string // of a private-use redirect URI, e.g. "cursor"; Host is not shown then
	Loopback  bool   // a loopback address: some program on the computer where the browser runs
	Known     bool   // on the list of known hosts and schemes
	Resembles string // the known host that Host looks like without being it; "" for none
}

// title says where it goes.
func (d Destination) title() string {
	switch {
	case d.Loopback:
		return "an app on the computer where this browser runs"
	case d.Scheme != "":
		return "the app that opens " + host(d.Scheme) + ": links on this device"
	case d.Host == "":
		return "an address that Postern cannot name"
	}
	return host(d.Host)
}

func (d Destination) node() node {
	var note string
	if d.Loopback && d.Host != "" {
		note = "(" + host(d.Host) + ")"
	}
	return g.Group{h.Strong(g.Text(d.title())), aside(note)}
}

// warnings are the paragraphs of the warning box; none if all is as usual.
func (d Destination) warnings() []string {
	var all []string
	if d.Resembles != "" {
		all = append(all, host(d.Host)+" looks like "+host(d.Resembles)+", but is a different place.")
	}
	if !d.Known && !d.Loopback {
		all = append(all, "Postern does not know this address. Go on only if you began this yourself and trust whoever runs it: a name is easily made up, an address is not.")
	}
	return all
}

// goOn is what the link to the destination says.
func (d Destination) goOn(verb string) string {
	switch {
	case d.Loopback:
		return verb + " to the app on this computer"
	case d.Scheme != "":
		return "Open the app (" + host(d.Scheme) + ")"
	case d.Host == "":
		return verb + " to the app"
	}
	return verb + " to " + host(d.Host)
}

// Scope is one line of what a client asks for.
type Scope struct {
	Text string // in plain words, e.g. "Read your mail"
	Asks bool   // the owner is asked again at every such call
}

// The most lines of scopes that show at once; the others fold away.
const maxLines = 6

func scopes(all []Scope) (first, more []Scope) {
	clean := make([]Scope, len(all))
	for i, s := range all {
		clean[i] = Scope{strings.TrimSuffix(line(s.Text, maxText), "."), s.Asks}
	}
	if len(clean) <= maxLines+1 { // folding a single line away saves nothing
		return clean, nil
	}
	return clean[:maxLines], clean[maxLines:]
}

// list shows scopes, one to a line.
func list(all []Scope) node {
	return h.Ul(g.Map(all, func(s Scope) node {
		var note string
		if s.Asks {
			note = "(you are asked each time)"
		}
		return h.Li(g.Text(s.Text), aside(note))
	}))
}
