package ngroktest

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// InterstitialCookie is the cookie of those who have seen the warning page. Its value is the domain's name.
const InterstitialCookie = "abuse_interstitial"

// warns reports whether the request is one of a person who has not seen the warning page: a browser that asks for HTML.
func (e *Edge) warns(r *http.Request) bool {
	if e.NoInterstitial || r.Method != http.MethodGet || r.Header.Get("Ngrok-Skip-Browser-Warning") != "" ||
		!strings.Contains(r.UserAgent(), "Mozilla/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	cookie, err := r.Cookie(InterstitialCookie)
	return err != nil || cookie.Value != hostname(r.Host)
}

// interstitial is the page. Its button sets the cookie and loads the same address again, as ngrok's does.
const interstitial = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ngrok stand-in: warning</title>
<h1>You are about to visit: <span id="host">%[1]s</span></h1>
<p>This website is served for free through ngrok.com. You should only visit it if you trust whoever sent the link to you.</p>
<button id="visit" type="button">Visit Site</button>
<p>ERR_NGROK_6024</p>
<script>
document.getElementById("visit").addEventListener("click", function () {
	document.cookie = "%[2]s=%[1]s; max-age=604800; path=/; secure; samesite=lax";
	location.reload();
});
</script>
`

// serveInterstitial answers with the page. The status is a guess; ngrok documents only the code.
func (e *Edge) serveInterstitial(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Ngrok-Error-Code", "ERR_NGROK_6024")
	w.WriteHeader(http.StatusNetworkAuthenticationRequired)
	// A host that is routed has no character that means something to HTML or to a script, unless AnyHost is on.
	fmt.Fprintf(w, interstitial, html.EscapeString(hostname(r.Host)), InterstitialCookie)
}
