package ui

import (
	"strings"
	"testing"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/tunnel/ngrok"
)

// TestEveryFaultHasWords of the window in each language, which names its own buttons and no command.
func TestEveryFaultHasWords(t *testing.T) {
	for _, language := range []string{"en_US.UTF-8", "de_DE.UTF-8"} {
		speak(t, language)
		all := map[string]desk.Tunnel{}
		for code := range ngrok.Codes() {
			all[code] = desk.Tunnel{Provider: settings.Ngrok, Code: code, Detail: "as the service says"}
		}
		for _, reason := range []tunnel.Reason{tunnel.Unreachable, tunnel.Broken, tunnel.Stopped, tunnel.OtherAddress, tunnel.NoAccount} {
			all[string(reason)] = desk.Tunnel{Provider: settings.Ngrok, Reason: reason, Detail: "as the service says"}
		}
		if len(all) < 25 {
			t.Errorf("there are only %d", len(all))
		}
		for name, one := range all {
			says := faultWord(one)
			if says == "" || strings.Contains(says, "as the service says") || strings.Contains(says, "ngrok."+name) || strings.Contains(says, "postern tunnel") {
				t.Errorf("%s, %s: %q", language, name, says)
			}
			if strings.Contains(says, "Change account…") || strings.Contains(says, "Konto wechseln …") {
				st := newStage(t, tunnelled(tunnel.Failed, one.Code, one.Detail))
				st.window.open(viewShare)
				st.shows(t, map[string]string{"en_US.UTF-8": "Change account…", "de_DE.UTF-8": "Konto wechseln …"}[language])
			}
		}
	}
}

// TestFaultsWithoutWords are told as the service tells them, cleaned.
func TestFaultsWithoutWords(t *testing.T) {
	for name, one := range map[string]desk.Tunnel{
		"a code that is not known":     {Provider: settings.Ngrok, Code: "ERR_NGROK_99999", Detail: "the service\nrefuses"},
		"a code that is none":          {Provider: settings.Ngrok, Code: "{{.Code}}", Detail: "the service\nrefuses"},
		"a reason of another provider": {Provider: settings.OwnURL, Reason: tunnel.OtherAddress, Detail: "the service\nrefuses"},
		"nothing but words":            {Provider: settings.Ngrok, Detail: "the service\nrefuses"},
	} {
		if says := faultWord(one); says != "the service refuses" {
			t.Errorf("%s: %q", name, says)
		}
	}
}

// TestEveryFindingHasWords, and only those that are bad are a trouble.
func TestEveryFindingHasWords(t *testing.T) {
	for what, bad := range map[desk.Finding]bool{desk.Answers: false, desk.Dead: false, desk.Unseen: false, desk.Instead: true, desk.Silent: true, desk.Stranger: true, desk.Misnamed: true, desk.Alive: true} {
		for _, provider := range []string{settings.Ngrok, settings.OwnURL} {
			now := desk.Tunnel{Provider: provider, State: tunnel.Online, Check: desk.Found{What: what, Code: "ERR_NGROK_727"}}
			says := foundWord(now)
			if says == "" || strings.Contains(says, "share.found") || strings.Contains(says, "<no value>") || provider == settings.OwnURL && what == desk.Alive && strings.Contains(says, "ngrok") {
				t.Errorf("%s, %s: %q", provider, what, says)
			}
			if now.Troubled() != bad {
				t.Errorf("%s is bad: %v", what, !bad)
			}
		}
	}
	if says := foundWord(desk.Tunnel{Check: desk.Found{What: desk.Instead, Code: "ERR_NGROK_99999"}}); says != "ngrok answers in Postern’s place (ERR_NGROK_99999)" {
		t.Errorf("%q", says)
	}
}

// TestAnAddressThatAnswersThoughNothingIsShared is another's, which the words say.
func TestAnAddressThatAnswersThoughNothingIsShared(t *testing.T) {
	s := asked()
	s.Tunnel.Check.What = desk.Alive
	st := newStage(t, s)
	st.shows(t, "Not shared, but its address still answers", "You do not share, and yet: the address still answers", "Clients on this computer can work.")
	st.press(t, "Show sharing")
	st.shows(t, "Not shared", "The address still answers as Postern, so another one is shared there")
}

// TestTheMonthsRequestsAreNearlyUsedUp is told before they are: on every page, and in the tray.
func TestTheMonthsRequestsAreNearlyUsedUp(t *testing.T) {
	s := shared()
	s.Tunnel.Requests = 15_999
	st := newStage(t, s)
	if seen := st.seen(); strings.Contains(seen, "requests that your plan allows") {
		t.Errorf("it is told too early:\n%s", seen)
	}
	s.Tunnel.Requests++
	st.draw(s)
	st.shows(t, "16,000 of the 20,000 requests that your plan allows this month are used")
	if got := stateLine(s); got != "Shared · this month’s requests nearly used up" {
		t.Errorf("the tray says %q", got)
	}
	st.press(t, "Show sharing")
	st.shows(t, "Requests: 16,000 of 20,000 in your plan.")
	if seen := st.seen(); strings.Contains(seen, "requests that your plan allows") {
		t.Errorf("the page says it twice:\n%s", seen)
	}
	s = usual()
	s.Tunnel.Requests, s.Tunnel.Limit = 16_000, 20_000
	st.draw(s)
	st.window.open(viewStatus)
	if seen := st.seen(); strings.Contains(seen, "requests that your plan allows") {
		t.Errorf("it is told though nothing is shared:\n%s", seen)
	}
}
