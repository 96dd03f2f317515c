package auth

import (
	_ "embed"
	"html/template"
	"net/http"
	"sync"
)

//go:embed closing.html
var closingHTML string

var closingPage = sync.OnceValue(func() *template.Template { return template.Must(template.New("closing").Parse(closingHTML)) })

// closing is the page that the browser shows at the end of a sign-in. It loads nothing and keeps nothing.
func closing(w http.ResponseWriter, code int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_ = closingPage().Execute(w, struct {
		OK          bool
		Title, Text string
	}{code == http.StatusOK, title, text}) // the browser may have gone
}
