package ngrok

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"postern/tunnel"
)

// meaning is what an error code of ngrok's means for the owner (https://ngrok.com/docs/errors).
type meaning struct {
	words string // what is wrong and what to do
	kind  kind
}

// kind is what becomes of a tunnel with a code.
type kind int

const (
	instead kind = iota // the code is answered in the tunnel's place, which stays as it is
	passes              // it comes by trying again, also after the service has stopped the endpoint for that
	lasts               // it does not
)

// meanings are the codes that ngrok's service ends or refuses a tunnel with, and those that it answers in its place.
var meanings = map[string]meaning{
	"ERR_NGROK_105":   {"what was given as the authtoken is none: copy the one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_106":   {"the authtoken was revoked: copy a new one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_107":   {"ngrok does not know the authtoken: copy the one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_108":   {"the ngrok account runs as many agents as its plan allows: stop one at dashboard.ngrok.com/agents, then switch sharing on again", lasts},
	"ERR_NGROK_116":   {"the ngrok account does not take agents from this network: change its IP restrictions at dashboard.ngrok.com, or use another network", lasts},
	"ERR_NGROK_120":   {"ngrok does not serve this version any more: update Postern", lasts},
	"ERR_NGROK_121":   {"ngrok does not serve this version to this account any more: update Postern", lasts},
	"ERR_NGROK_308":   {"the domain belongs to another ngrok account: look at dashboard.ngrok.com/domains which is yours, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_313":   {"the ngrok account may not use that domain: look at dashboard.ngrok.com/domains which is yours, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_316":   {"the authtoken may not be used for that domain: look at its rules at dashboard.ngrok.com/authtokens, or take another", lasts},
	"ERR_NGROK_334":   {"the address is online already, from here a moment ago or from somewhere else; it is tried again; if that lasts, end the other one at dashboard.ngrok.com/agents", passes},
	"ERR_NGROK_725":   {"the ngrok account has used up the bytes of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", passes},
	"ERR_NGROK_726":   {"the ngrok account has used up the connections of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", passes},
	"ERR_NGROK_727":   {"the ngrok account has used up the requests of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", passes},
	"ERR_NGROK_734":   {"there are more requests a minute than the ngrok account's plan allows; it is tried again", passes},
	"ERR_NGROK_3004":  {"the tunnel gave ngrok no answer: it was just cut, or this computer is too busy", instead},
	"ERR_NGROK_3200":  {"the address is offline", instead},
	"ERR_NGROK_4018":  {"ngrok wants an account with a verified email: sign up at dashboard.ngrok.com, then run \"postern tunnel login\"", lasts},
	"ERR_NGROK_4026":  {"the ngrok account's credit for traffic policies is used up, and it has one: remove its paid rules at dashboard.ngrok.com", lasts},
	"ERR_NGROK_6024":  {"ngrok shows its warning page to browsers first, once a week on the free plan: click \"Visit Site\"", instead},
	"ERR_NGROK_15002": {"the ngrok account has not claimed its domain yet: do that at dashboard.ngrok.com/domains, then switch sharing on again", lasts},
	"ERR_NGROK_15013": {"the ngrok account has not got that domain: claim it at dashboard.ngrok.com/domains, or run \"postern tunnel login\" with the right one", lasts},
}

// Offline is the code with which ngrok answers at an address where nothing is.
const Offline = "ERR_NGROK_3200"

// limits are how many requests a month the plans allow, by the names that the service gives them
// (https://ngrok.com/docs/pricing-limits).
var limits = map[string]int{"Free": 20_000, "Hobbyist": 100_000}

// Codes are the codes whose meaning is known, in no order.
func Codes() iter.Seq[string] { return maps.Keys(meanings) }

// Instead implements tunnel.Provider: only the service itself can send the header with its code.
func (*Provider) Instead(header http.Header) *tunnel.Error {
	code := checked(header.Get("Ngrok-Error-Code"))
	switch m, known := meanings[code]; {
	case code == "":
		return nil
	case !known:
		return &tunnel.Error{Code: code, Detail: "ngrok answers in Postern's place"}
	default:
		return &tunnel.Error{Code: code, Detail: m.words}
	}
}

// codeForm finds a code in a text.
var codeForm = regexp.MustCompile(`\bERR_NGROK_\d{1,6}\b`)

// checked returns what is a code and nothing else, "" for anything else: it is shown and logged as it is.
func checked(code string) string {
	if codeForm.FindString(code) != code {
		return ""
	}
	return code
}

// codeOf returns the code that an error of the SDK's carries, "" for none, and whether the service has sent that error.
// Of some the code stands in the text alone.
func codeOf(err error) (code string, sent bool) {
	var service interface{ Code() string }
	var event interface{ ErrorCode() string }
	switch {
	case errors.As(err, &service):
		code, sent = service.Code(), true
	case errors.As(err, &event):
		code, sent = event.ErrorCode(), true
	}
	if code != "" {
		return checked(code), true
	}
	code = codeForm.FindString(err.Error())
	return code, sent || code != ""
}

// explain says what is wrong, for the owner, and whether trying again is of no use. The service's own text is used only
// for what is not known here, without the authtoken, which some of them repeat.
func explain(err error, secret string) (e *tunnel.Error, fatal bool) {
	code, sent := codeOf(err)
	m, known := meanings[code]
	switch {
	case known:
		return &tunnel.Error{Code: code, Detail: m.words}, m.kind == lasts
	case sent:
		return &tunnel.Error{Code: code, Detail: "ngrok says: " + said(err, code, secret)}, false
	}
	return &tunnel.Error{Reason: tunnel.Unreachable, Detail: "ngrok cannot be reached; \"postern doctor\" looks for the reason: " + clean(err.Error(), secret)}, false
}

// stop says why the tunnel ends with the error by which a listener has, nil if it does not. If the service has stopped the
// endpoint, it may be the owner's will, at the dashboard, or a ban: it is bound again only for what is known to pass.
func stop(err error, secret string) *tunnel.Error {
	code, sent := codeOf(err)
	switch m := meanings[code]; {
	case !sent || m.kind == passes:
		return nil
	case m.kind == lasts:
		return &tunnel.Error{Code: code, Detail: "ngrok has ended the tunnel: " + m.words}
	}
	return &tunnel.Error{Code: code, Detail: "ngrok has ended the tunnel: look at dashboard.ngrok.com why, then switch sharing on again; it says: " + said(err, code, secret)}
}

// said is the service's own text, without its code, which stands beside it.
func said(err error, code, secret string) string {
	text := clean(err.Error(), secret)
	if code != "" {
		// The two sides of a code do not become one: that could be the authtoken.
		text = oneLine(strings.ReplaceAll(text, code, " "))
	}
	return cmp.Or(text, "nothing")
}

// clean makes a text from outside one that can be shown.
func clean(text, secret string) string { return oneLine(redact(text, secret)) }

// redact takes the authtoken out of a text, also where its letters are of another size: the SDK makes the code of an error
// a link in small ones.
func redact(text, secret string) string {
	if secret == "" || !strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
		return text
	}
	return regexp.MustCompile("(?i)"+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(text, "[authtoken]")
}

// longest is the most of a text from outside that is shown.
const longest = 300

// oneLine makes one short line of a text, without what cannot be seen.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return text
}
