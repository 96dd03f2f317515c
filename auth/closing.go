package auth

import (
	_ "embed"
	"net/http"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

//go:embed closing.css
var closingStyle string

// closing is the page that the browser shows at the end of a sign-in. It loads nothing and keeps nothing.
func closing(w http.ResponseWriter, code int, title, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer") // the address holds the code
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	page := h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.TitleEl(g.Text(title+" – Postern")),
			h.StyleEl(g.Raw(closingStyle)),
		),
		h.Body(h.Main(g.If(code != http.StatusOK, h.Class("bad")),
			h.P(h.Class("name"), g.Text("Postern")),
			h.H1(g.Text(title)),
			h.P(g.Text(text)),
		)),
	))
	_ = page.Render(w) // the browser may have gone
}
