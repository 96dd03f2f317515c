// Package page writes the few web pages that a person sees while a client asks to be let in. It decides nothing: it is
// told what is so, and says it in plain words, with headers that keep the page alone.
//
//	var pages page.Renderer
//	err := pages.Write(w, page.Waiting{Number: 47, State: page.Asked, Client: …})
//
// Every page is one small HTML document that loads nothing from anywhere. It works with scripts and without: what a
// script does at once, a person without scripts does with a button, or a meta refresh does for them.
//
// Nothing that comes from a client needs to be cleaned beforehand: every string given to a page is cut to a length,
// freed of what cannot be seen, and escaped.
package page

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
)

// Where the pages send their forms, and where the waiting page looks how things stand. All are on the issuer's own
// origin.
const (
	StatusPath = "/authorize/status" // GET with the query parameter FieldRequest; answered by WriteStatus
	FinishPath = "/authorize/finish" // POST; mints the code; answered with Finish, or Done the second time
	CancelPath = "/authorize/cancel" // POST; answered with Finish or Done
	CodePath   = "/authorize/code"   // POST; a pairing code
)

// The names of the fields in the forms.
const (
	FieldRequest = "request" // Form.Request
	FieldToken   = "token"   // Form.Token
	FieldCode    = "code"    // the pairing code as it was typed, with spaces and dashes
)

// Form is what every form of a page carries.
type Form struct {
	Request string // tells the requests of one browser apart; no secret, since the cookie is what counts
	Token   string // against forms of other sites (CSRF)
}

// Page is one of Waiting, Approved, Finish, Done and Problem.
type Page interface {
	// view returns what shows, or an error for a value that must not be shown.
	view() (view, error)
}

// Renderer writes pages. The zero value is ready for use, by several goroutines at once.
type Renderer struct {
	Nonce func() string // a value that cannot be guessed, for one response; nil means crypto/rand.Text
}

// Write answers a request with a page: all headers, the status and the body. It returns an error before anything is
// written if the page holds a value that must not be shown, such as a Finish.Location that is no address to send a
// browser to; an error of the connection otherwise.
func (r Renderer) Write(w http.ResponseWriter, p Page) error {
	nonce := rand.Text
	if r.Nonce != nil {
		nonce = r.Nonce
	}
	v, err := p.view()
	if err != nil {
		return fmt.Errorf("writing a page: %w", err)
	}
	once := nonce()
	var body bytes.Buffer
	if err := v.document(once).Render(&body); err != nil {
		return fmt.Errorf("writing the page %q: %w", v.title, err)
	}
	h := w.Header()
	closed(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+once+"'; script-src 'nonce-"+once+
		"'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	for name, value := range v.header {
		h.Set(name, value)
	}
	w.WriteHeader(v.status)
	_, err = body.WriteTo(w)
	return err
}

// closed sets the headers that the pages and the status share.
func closed(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // addresses hold state and codes
	h.Set("X-Content-Type-Options", "nosniff")
}

// WriteStatus answers the waiting page's look at StatusPath: one of the states of Waiting, with the time that is left,
// or Allowed or Over, upon which the page moves on.
func WriteStatus(w http.ResponseWriter, s Status) error {
	b, err := json.Marshal(struct {
		State State  `json:"state"`
		Left  string `json:"left,omitempty"`
	}{s.State, remaining(s.Left)})
	if err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	closed(w.Header())
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(b)
	return err
}
