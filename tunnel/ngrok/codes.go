package ngrok

import (
	"errors"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"postern/tunnel"
)

// meaning is what an error code of ngrok's means for the owner (https://ngrok.com/docs/errors).
type meaning struct {
	words string // what is wrong and what to do
	fatal bool   // it does not pass by trying again
}

// meanings are the codes that ngrok's service ends or refuses a tunnel with, and those that it answers in its place.
var meanings = map[string]meaning{
	"ERR_NGROK_105":   {"what was given as the authtoken is none: copy the one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", true},
	"ERR_NGROK_106":   {"the authtoken was revoked: copy a new one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", true},
	"ERR_NGROK_107":   {"ngrok does not know the authtoken: copy the one at dashboard.ngrok.com/get-started/your-authtoken, then run \"postern tunnel login\"", true},
	"ERR_NGROK_108":   {"the ngrok account runs as many agents as its plan allows: stop one at dashboard.ngrok.com/agents, then switch sharing on again", true},
	"ERR_NGROK_116":   {"the ngrok account does not take agents from this network: change its IP restrictions at dashboard.ngrok.com, or use another network", true},
	"ERR_NGROK_120":   {"ngrok does not serve this version any more: update Postern", true},
	"ERR_NGROK_121":   {"ngrok does not serve this version to this account any more: update Postern", true},
	"ERR_NGROK_308":   {"the domain belongs to another ngrok account: look at dashboard.ngrok.com/domains which is yours, then run \"postern tunnel login\"", true},
	"ERR_NGROK_313":   {"the ngrok account may not use that domain: look at dashboard.ngrok.com/domains which is yours, then run \"postern tunnel login\"", true},
	"ERR_NGROK_316":   {"the authtoken may not be used for that domain: look at its rules at dashboard.ngrok.com/authtokens, or take another", true},
	"ERR_NGROK_334":   {"the address is online already, from here a moment ago or from somewhere else; it is tried again", false},
	"ERR_NGROK_725":   {"the ngrok account has used up the bytes of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", false},
	"ERR_NGROK_726":   {"the ngrok account has used up the connections of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", false},
	"ERR_NGROK_727":   {"the ngrok account has used up the requests of its month: wait for the next, or change its plan at dashboard.ngrok.com/billing", false},
	"ERR_NGROK_734":   {"there are more requests a minute than the ngrok account's plan allows; it is tried again", false},
	"ERR_NGROK_3004":  {"the tunnel gave ngrok no answer: it was just cut, or this computer is too busy", false},
	"ERR_NGROK_3200":  {"the address is offline", false},
	"ERR_NGROK_4018":  {"ngrok wants an account with a verified email: sign up at dashboard.ngrok.com, then run \"postern tunnel login\"", true},
	"ERR_NGROK_4026":  {"the ngrok account's credit for traffic policies is used up, and it has one: remove its paid rules at dashboard.ngrok.com", true},
	"ERR_NGROK_6024":  {"ngrok shows its warning page to browsers first, once a week on the free plan: click \"Visit Site\"", false},
	"ERR_NGROK_15002": {"the ngrok account has not claimed its domain yet: do that at dashboard.ngrok.com/domains, then switch sharing on again", true},
	"ERR_NGROK_15013": {"the ngrok account has not got that domain: claim it at dashboard.ngrok.com/domains, or run \"postern tunnel login\" with the right one", true},
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
	code := codeForm.FindString(header.Get("Ngrok-Error-Code"))
	switch m, known := meanings[code]; {
	case code == "":
		return nil
	case !known:
		return &tunnel.Error{Code: code, Detail: "ngrok answers in Postern's place"}
	default:
		return &tunnel.Error{Code: code, Detail: m.words}
	}
}

var codeForm = regexp.MustCompile(`ERR_NGROK_\d{1,6}`)

// codeOf returns the code that an error of the SDK's carries, "" for none. Of some it stands in the text alone.
func codeOf(err error) string {
	var service interface{ Code() string }
	var event interface{ ErrorCode() string }
	switch {
	case errors.As(err, &service) && service.Code() != "":
		return service.Code()
	case errors.As(err, &event) && event.ErrorCode() != "":
		return event.ErrorCode()
	}
	return codeForm.FindString(err.Error())
}

// explain says what is wrong, for the owner, and whether trying again is of no use. The service's own text is used only
// for what is not known here, without the authtoken, which some of them repeat.
func (p *Provider) explain(err error, secret string) (e *tunnel.Error, fatal bool) {
	code := codeOf(err)
	m, known := meanings[code]
	switch {
	case known:
		return &tunnel.Error{Code: code, Detail: m.words}, m.fatal
	case code != "":
		return &tunnel.Error{Code: code, Detail: "ngrok says: " + oneLine(redact(strings.ReplaceAll(err.Error(), code, ""), secret))}, false
	}
	return &tunnel.Error{Reason: tunnel.Unreachable, Detail: "ngrok cannot be reached; \"postern doctor\" looks for the reason: " + oneLine(redact(err.Error(), secret))}, false
}

// redact takes the authtoken out of a text.
func redact(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "[authtoken]")
}

// longest is the most of a text from outside that is shown.
const longest = 300

// oneLine makes one short line of a text.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return text
}
