package page

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Kind is what went wrong. Its text stands on the page as a short code that a person can pass on.
type Kind string

// The kinds of problems. None of them is ever told to the client by a redirect, because no redirect URI is trusted (RFC
// 6749 section 4.1.2.1) or none is left.
const (
	UnknownClient       Kind = "client-unknown"        // no such client_id
	UnknownRedirect     Kind = "redirect-unregistered" // the redirect URI is not one of the client's
	Malformed           Kind = "request-malformed"     // parameters missing or twice; Detail says which
	IdentityUnavailable Kind = "identity-unavailable"  // the client's metadata document was not to be had; Detail says why
	WrongAddress        Kind = "wrong-address"         // not the issuer's host; Detail is the right address
	OtherBrowser        Kind = "browser-mismatch"      // the cookie is missing or another's
	StaleForm           Kind = "form-stale"            // the form's token is missing or wrong
	Denied              Kind = "denied"
	Expired             Kind = "expired"
	Ended               Kind = "ended" // over for another reason: finished, withdrawn, replaced
	TooMany             Kind = "too-many"
	AsksAlready         Kind = "client-asks-already" // in another browser
	Blocked             Kind = "client-blocked"
	LockedDown          Kind = "lockdown"
	Paused              Kind = "paused"
	NoProfile           Kind = "profile-missing" // the owner has not signed in to Google yet
	Failed              Kind = "internal"
)

// Problem is the page for what is told to the person alone.
type Problem struct {
	Kind      Kind          // an unknown one shows as Failed
	Client    Client        // if it is known; only its name is shown
	Detail    string        // one line, with no secret; see the kinds
	Wait      time.Duration // when to try again, also sent as Retry-After; 0 if that is not known
	Here      string        // of TooMany: the path and query under which the page tries again by itself; "" if it does not
	Reference string        // finds the matching line of the log; "" for none
}

// what is said of a kind.
type what struct {
	status                     int
	title, text, next, command string
}

var whats = map[Kind]what{
	UnknownClient: {http.StatusBadRequest, "Postern does not know this app",
		"The link that brought you here names an app that is not registered here. Nothing was asked and nothing was sent.",
		"If you did not just connect an app, close this tab. Otherwise remove Postern in your app, add it again, and connect once more.", ""},
	UnknownRedirect: {http.StatusBadRequest, "The return address does not match",
		"Access was to be sent to an address that this app has not registered. Postern sends nothing there.",
		"If you did not just connect an app, close this tab. Otherwise remove Postern in your app, add it again, and connect once more.", ""},
	Malformed: {http.StatusBadRequest, "This link is broken",
		"The link that brought you here is incomplete or says two things at once, so Postern did not act on it.",
		"Go back to your app and connect once more. If it happens again, tell the makers of the app the code below.", ""},
	IdentityUnavailable: {http.StatusBadRequest, "Postern could not check this app",
		"The app says that its identity is published on the web, but Postern could not read it there.",
		"Wait a minute, then go back to your app and try again.", ""},
	WrongAddress: {http.StatusMisdirectedRequest, "Postern has another address",
		"This computer answers here, but apps reach Postern under one address only, which is:",
		"Set exactly that address in your app, then connect once more.", ""},
	OtherBrowser: {http.StatusForbidden, "This request belongs to another browser",
		"Postern ties a request to the browser in which it began, by a cookie. This browser does not have that cookie.",
		"Go on in the browser where you began. If this is the one, allow cookies for this address, go back to your app and try again.", ""},
	StaleForm: {http.StatusForbidden, "This page was out of date",
		"What you sent did not come from the page that Postern last showed you, so it was not acted on.",
		"Go back to your app and try again.", ""},
	Denied: {http.StatusForbidden, "This app was not let in",
		"Someone at the computer where Postern runs said no, or Cancel was pressed here. Nothing was allowed.",
		"If that was a mistake, go back to your app and try again.", ""},
	Expired: {http.StatusGone, "Nobody answered in time",
		"The time to answer is over. Nothing was allowed.",
		"Open Postern on your computer, then go back to your app and try again.", ""},
	Ended: {http.StatusGone, "This request is over",
		"It was finished or taken back, or a newer one has taken its place. Nothing happens here any more.",
		"If your app is not connected, go back to it and try again.", ""},
	TooMany: {http.StatusTooManyRequests, "Too many requests at once",
		"Postern takes only a few at a time, so that strangers cannot crowd out your own.",
		"Wait a little, then go back to your app and try again.", ""},
	AsksAlready: {http.StatusConflict, "This app is asking already",
		"It waits for an answer in another browser or another window. Postern puts one question of an app at a time.",
		"Go on where it waits, or press Cancel there and try again. If you cannot find it, it ends by itself within five minutes.", ""},
	Blocked: {http.StatusForbidden, "This app is blocked",
		"It was blocked on the computer where Postern runs, and may not ask again.",
		"If you want to let it ask again, unblock it there:", "postern clients unblock"},
	LockedDown: {http.StatusServiceUnavailable, "Postern is locked down",
		"Everything that had access was cut off, and nothing is let in until that is lifted on the computer where Postern runs.",
		"If you are sure that all is well, lift it there, then go back to your app and try again:", "postern lockdown --lift"},
	Paused: {http.StatusServiceUnavailable, "Postern is paused",
		"It lets nothing in at the moment. Apps that are connected stay so.",
		"Resume Postern on your computer, then go back to your app and try again:", "postern resume"},
	NoProfile: {http.StatusServiceUnavailable, "Postern has no Google account yet",
		"There is nothing that an app could be given.",
		"Add an account on the computer where Postern runs, then go back to your app and try again:", "postern profiles add NAME"},
	Failed: {http.StatusInternalServerError, "Something went wrong in Postern",
		"This is not your fault. Nothing was allowed.",
		"Go back to your app and try again. If it happens again, the log on your computer says more:", "postern log"},
}

func (p Problem) view() (view, error) {
	w, ok := whats[p.Kind]
	if !ok {
		p.Kind, w = Failed, whats[Failed]
	}
	v := view{title: w.title, status: w.status}
	if p.Here != "" && !own(p.Here) {
		return view{}, errors.New("the address to try again is not a path of this server")
	}
	if p.Wait > 0 {
		seconds := int((p.Wait + time.Second - 1) / time.Second)
		v.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
		if p.Kind == TooMany {
			w.next = fmt.Sprintf("Wait %s, then go back to your app and try again.", wait(p.Wait))
		}
		if p.Kind == TooMany && p.Here != "" {
			w.next = fmt.Sprintf("Leave this page open: it tries again by itself, and goes on once there is room. That should take no longer than %s.", wait(p.Wait))
			v.head = again(min(seconds, slowest), p.Here)
		}
	}
	code := string(p.Kind)
	if r := id(p.Reference); r != "" {
		code += " " + r
	}
	v.main = []node{h.H1(g.Text(w.title)), text(w.text)}
	if n := name(p.Client.Name); n != "" {
		v.main = append(v.main, h.P(h.Class("soft"), g.Text("The app calls itself "), quoted(n), g.Text(".")))
	}
	if d := line(p.Detail, maxHost); d != "" {
		v.main = append(v.main, commands(g.Text(d)))
	}
	v.main = append(v.main, h.H2(g.Text("What you can do")), text(w.next))
	if w.command != "" {
		v.main = append(v.main, commands(g.Text(w.command)))
	}
	v.main = append(v.main, h.P(h.Class("small soft"), g.Text("Code: "), h.Code(g.Text(code))))
	return v, nil
}

// slowest is the most seconds after which a page tries again: there may be room sooner than was foreseen.
const slowest = 20

// again loads a page again, with scripts and without.
func again(seconds int, here string) node {
	return h.Meta(g.Attr("http-equiv", "refresh"), h.Content(fmt.Sprintf("%d; url=%s", seconds, here)))
}

// wait says a duration in words, rounded up.
func wait(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	if minutes <= 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}
