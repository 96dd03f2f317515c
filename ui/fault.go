package ui

import (
	"cmp"
	"regexp"
	"slices"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/ui/text"
)

// ngrokCode is a code as ngrok's service gives it.
var ngrokCode = regexp.MustCompile(`^ERR_NGROK_(\d+)$`)

// codeWord is what a code of ngrok's means and what to do, "" for one that is not known.
func codeWord(code string) string {
	if found := ngrokCode.FindStringSubmatch(code); found != nil {
		return known(found[1])
	}
	return ""
}

// reasonWord is the same for a reason. Those of other ways have no words of their own.
func reasonWord(t desk.Tunnel) string {
	if t.Provider != settings.Ngrok || t.Reason == "" {
		return ""
	}
	return known(string(t.Reason))
}

// known is what the window says of a code's number or a reason, "" if nothing.
func known(one string) string {
	if says := text.T("ngrok." + one); says != "ngrok."+one {
		return says
	}
	return ""
}

// faultWord says what is wrong with the tunnel and what to do: in the owner's language if that is known, or else in the
// words of the service. It is "" if nothing is.
func faultWord(t desk.Tunnel) string {
	if t.Code != "" {
		if says := codeWord(t.Code); says != "" {
			return says
		}
	} else if says := reasonWord(t); says != "" {
		return says
	}
	return plain(t.Detail, longestText)
}

// ofAccount are the faults that another authtoken or another domain mends, and nothing else does.
var ofAccount = []string{"105", "106", "107", "308", "313", "316", "4018", "15013", string(tunnel.NoAccount), string(tunnel.OtherAddress)}

// faultOfAccount reports whether what is wrong is one of those.
func faultOfAccount(t desk.Tunnel) bool {
	one := string(t.Reason)
	if t.Code != "" {
		one = ""
		if found := ngrokCode.FindStringSubmatch(t.Code); found != nil {
			one = found[1]
		}
	}
	return t.Provider == settings.Ngrok && slices.Contains(ofAccount, one)
}

// foundWord says what was found at the address, "" if nobody has looked.
func foundWord(t desk.Tunnel) string {
	switch f := t.Check; f.What {
	case "":
		return ""
	case desk.Instead:
		v := text.Values{"Service": "ngrok", "Code": plain(f.Code, 40)}
		if v["Why"] = codeWord(f.Code); v["Why"] == "" {
			return text.T("share.found_instead", v)
		}
		return text.T("share.found_instead_why", v)
	case desk.Answers, desk.Silent, desk.Stranger, desk.Misnamed, desk.Dead, desk.Unseen:
		return text.T("share.found_" + string(f.What))
	case desk.Alive:
		if t.Provider == settings.OwnURL {
			return text.T("share.found_alive_own")
		}
		return text.T("share.found_alive")
	default:
		return plain(f.Says, longestText)
	}
}

// troubleWord says what is wrong with the way from outside, on every page.
func troubleWord(t desk.Tunnel) string {
	switch {
	case t.State == tunnel.Failed:
		return text.T("window.tunnel_trouble", text.Values{"Why": cmp.Or(faultWord(t), text.T("share.failed_again"))})
	case t.Up():
		return text.T("window.tunnel_unreached", text.Values{"Why": foundWord(t)})
	}
	return text.T("window.tunnel_still", text.Values{"Why": foundWord(t)})
}
