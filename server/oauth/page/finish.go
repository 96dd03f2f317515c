package page

import (
	"errors"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Approved is the page after a yes for a browser without scripts: its button sends the finish form. With scripts the
// form goes by itself.
type Approved struct {
	Form
	Client      Client
	Destination Destination
}

type approvedView struct {
	Form
	Client      clientView
	Destination destinationView
	Warnings    []string
	FinishURL   string
}

func (p Approved) view() (view, error) {
	v := approvedView{p.Form, p.Client.view(), p.Destination.view(), p.Destination.warnings(), FinishPath}
	return view{Title: "Allowed", Page: v, file: "approved", status: http.StatusOK}, nil
}

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

type leaveView struct {
	Title, Text, Label, Hint string
	Href, Refresh            template.HTMLAttr
}

func (p Finish) view() (view, error) {
	u, err := location(p.Location)
	if err != nil {
		return view{}, err
	}
	v := leaveView{
		Title: "Allowed",
		Text:  p.Client.called() + " gets what you chose, and nothing else.",
		Label: p.Destination.goOn("Continue"),
		Hint:  "The browser may ask whether to open it. Afterwards you can close this tab.",
		Href:  attribute("href", p.Location),
	}
	if p.Denied {
		v.Title, v.Text, v.Label = "Nothing was allowed", p.Client.called()+" is told that it may not come in.", p.Destination.goOn("Go back")
	}
	if u.Scheme == "https" || u.Scheme == "http" {
		v.Refresh = attribute("content", "0; url="+p.Location)
		v.Hint = "This goes on by itself. If it does not, use the button."
	}
	return view{Title: v.Title, Page: v, file: "finish", status: http.StatusOK}, nil
}

// Done is the page for a form that arrives a second time: it says the same outcome again and does nothing.
type Done struct {
	Client      Client
	Destination Destination
	Denied      bool
	// Location, if the client may still need it, is offered as a link. It is never opened by itself.
	Location string
}

func (p Done) view() (view, error) {
	v := leaveView{Title: "This is done", Label: p.Destination.goOn("Go back")}
	v.Text = p.Client.called() + " was let in with what you chose. You can see and end that on your computer at any time."
	if p.Denied {
		v.Text = p.Client.called() + " was not let in. If that was a mistake, go back to your app and try again."
	}
	if p.Location != "" {
		if _, err := location(p.Location); err != nil {
			return view{}, err
		}
		v.Href = attribute("href", p.Location)
	}
	return view{Title: v.Title, Page: v, file: "done", status: http.StatusOK}, nil
}

// attribute writes one attribute whole. html/template would turn a private-use address such as cursor:// into
// "#ZgotmplZ", and re-encode characters such as ( and ' that must reach the client as they were registered. Both steps
// are left out safely here because location has looked at the value, and it is escaped for HTML as any other.
func attribute(name, value string) template.HTMLAttr {
	return template.HTMLAttr(name + `="` + html.EscapeString(value) + `"`)
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
