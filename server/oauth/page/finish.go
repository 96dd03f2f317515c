package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Approved is the page after a yes for a browser without scripts: its button sends the finish form. With scripts the
// form goes by itself.
type Approved struct {
	Form
	Client      Client
	Destination Destination
}

func (p Approved) view() (view, error) {
	who := g.Text("This app")
	if n := name(p.Client.Name); n != "" {
		who = quoted(n)
	}
	return view{title: "Allowed", status: http.StatusOK, script: sendFinish, main: []node{
		h.H1(who, g.Text(" may come in")),
		text("One step is left: press Continue, and it gets its access."),
		h.Dl(h.Dt(g.Text("Access will be sent to")), h.Dd(p.Destination.node())),
		warning(p.Destination.warnings()),
		p.post(FinishPath, h.ID("finish"), lines(p.fields(), h.Button(g.Text("Continue")))),
	}}, nil
}

// The scripts of the two pages that go on by themselves.
const (
	sendFinish = `document.getElementById("finish").submit();`
	follow     = `location.replace(document.getElementById("go").href);`
)

// Finish is the page that takes the browser to the client's redirect URI. It answers a form, and so cannot be a redirect
// by status: form-action 'self' also holds for where a form's answer redirects to (Chromium).
//
// The browser goes to an http or https address by itself, exactly once; a private-use one it opens when the person
// clicks, because browsers ask before they open another program, and a code that arrives twice is taken for stolen.
type Finish struct {
	Client      Client
	Destination Destination
	// Location is the registered redirect URI with the parameters of the answer (RFC 6749 section 4.1.2), percent-encoded.
	Location string
	Denied   bool // Location carries an error: the owner said no, or the person pressed Cancel
}

func (p Finish) view() (view, error) {
	u, err := location(p.Location)
	if err != nil {
		return view{}, err
	}
	title, said, label := "Allowed", p.Client.called()+" gets what you chose, and nothing else.", p.Destination.goOn("Continue")
	if p.Denied {
		title, said, label = "Nothing was allowed", p.Client.called()+" is told that it may not come in.", p.Destination.goOn("Go back")
	}
	v := view{title: title, status: http.StatusOK}
	var itself node
	hint := "The browser may ask whether to open it. Afterwards you can close this tab."
	if u.Scheme == "https" || u.Scheme == "http" {
		v.head, v.script = refresh("0; url="+p.Location), follow
		itself = h.Data("go", "")
		hint = "This goes on by itself. If it does not, use the button."
	}
	v.main = []node{
		h.H1(g.Text(title)),
		text(said, h.Role("status")),
		h.P(h.A(h.Class("button"), h.ID("go"), itself, h.Href(p.Location), g.Text(label))),
		small(hint),
	}
	return v, nil
}

// Done is the page for a form that arrives a second time, or a page that is loaded again: it says the same outcome again
// and does nothing.
type Done struct {
	Client      Client
	Destination Destination
	Denied      bool
	Late        bool // what the owner has given was not taken in time
	// Location, if the client may still need it, is offered as a link. It is never opened by itself.
	Location string
}

func (p Done) view() (view, error) {
	title, last := "This is done", "You can close this tab."
	said := p.Client.called() + " was let in with what you chose. You can see and end that on your computer at any time."
	switch {
	case p.Denied:
		said = p.Client.called() + " was not let in. If that was a mistake, go back to your app and try again."
	case p.Late:
		title = "This took too long"
		said = p.Client.called() + " was let in, but did not take its access in time. Go back to your app and connect once more; that needs a new answer on your computer."
	case p.Location != "":
		last = "If the app is connected, you can close this tab. If it still waits, use the button, which works for a short time."
	}
	var back node
	if p.Location != "" {
		if _, err := location(p.Location); err != nil {
			return view{}, err
		}
		back = h.P(h.A(h.Class("button quiet"), h.Href(p.Location), g.Text(p.Destination.goOn("Go back"))))
	}
	return view{title: title, status: http.StatusOK, main: []node{
		h.H1(g.Text(title)), text(said), back, small(last),
	}}, nil
}

// refresh loads something by itself in a browser without scripts.
func refresh(content string) node {
	return h.NoScript(h.Meta(g.Attr("http-equiv", "refresh"), h.Content(content)))
}

// location parses an address to send a browser to. The caller has matched it with what is registered; that it can run
// nothing in this page is checked here once more, because no other check comes after it.
func location(address string) (*url.URL, error) {
	if !plain(address) {
		return nil, errors.New("the redirect URI holds characters that are not percent-encoded")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the redirect URI cannot be parsed") // the error would quote it, with the code
	}
	switch {
	case u.Scheme == "":
		return nil, errors.New("the redirect URI has no scheme")
	case slices.Contains([]string{"javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source"}, u.Scheme):
		return nil, fmt.Errorf("a browser is never sent to an address with the scheme %q", u.Scheme)
	case u.Host == "" && (u.Scheme == "https" || u.Scheme == "http"):
		return nil, errors.New("the redirect URI has no host")
	}
	return u, nil
}

// plain reports whether an address holds only characters that may stand in one (RFC 3986 appendix A), or that browsers
// leave as they are.
func plain(address string) bool {
	return !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>", r) })
}
