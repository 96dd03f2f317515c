package ngrok

import (
	"strings"
	"testing"

	"postern/tunnel"
)

func TestEndpointStopped(t *testing.T) {
	for name, c := range map[string]struct {
		code, message string // of the service
		want, words   string
	}{
		"a known code":                    {"ERR_NGROK_4026", "The credit is used up.", "ERR_NGROK_4026", "ngrok has ended the tunnel: the ngrok account's credit"},
		"an unknown one":                  {"ERR_NGROK_9999", "Stopped by the owner.", "ERR_NGROK_9999", "ngrok has ended the tunnel: look at dashboard.ngrok.com why, then switch sharing on again; it says: Stopped by the owner."},
		"one of an answer":                {"ERR_NGROK_3200", "Stopped by the owner.", "ERR_NGROK_3200", "ngrok has ended the tunnel: look at dashboard.ngrok.com why"},
		"none":                            {"", "Stopped by the owner.", "", "it says: Stopped by the owner."},
		"neither code nor word":           {"", "", "", "it says: nothing"},
		"rubbish":                         {"ERR_NGROK_1\x1b[2J " + good + " bla\nbla", "Stopped\x1b[2J by\u202ethe owner of " + good + ".", "", "it says: Stopped [2J by the owner of [authtoken]."},
		"rubbish with a code that passes": {"ERR_NGROK_727 ", "Stopped.", "", "it says: Stopped."},
		"a code without end":              {"ERR_NGROK_" + strings.Repeat("7", 1000), "Stopped.", "", "it says: Stopped."},
		"an authtoken around a code":      {"ERR_NGROK_9999", "Of " + strings.Replace(good, "_", "ERR_NGROK_9999_", 1) + ".", "ERR_NGROK_9999", "it says: Of 2abc"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			session := s.start(hello)
			_ = s.edge.StopEndpoint(c.code, c.message) // an error may be that the agent has hung up at once
			<-session.Done()
			now := s.until(func(now tunnel.Status) bool { return now.State != tunnel.Online })
			if now.State != tunnel.Failed || now.Code != c.want || !strings.Contains(now.Detail, c.words) || len(now.Detail) > 2*longest {
				t.Errorf("%q: %+v", now.Detail, now)
			}
			if strings.ContainsAny(now.Detail, "\x1b\n\u202e") {
				t.Errorf("%q", now.Detail)
			}
			if got := s.edge.Binds(); got != 1 {
				t.Errorf("it bound %d times", got)
			}
			s.secretless(good, session.Err().Error())
		})
	}
}

// TestEndpointStoppedForNow: what is known to pass is said at once and in its own words, and tried again.
func TestEndpointStoppedForNow(t *testing.T) {
	for _, code := range []string{"ERR_NGROK_334", "ERR_NGROK_725", "ERR_NGROK_726", "ERR_NGROK_727", "ERR_NGROK_734"} {
		t.Run(code, func(t *testing.T) {
			s := newStage(t)
			s.start(hello)
			_ = s.edge.StopEndpoint(code, "Not now.") // an error may be that the agent has hung up at once
			var between []tunnel.Status
			s.until(func(now tunnel.Status) bool {
				if now.State != tunnel.Online {
					between = append(between, now)
				}
				return now.State == tunnel.Online
			})
			if len(between) == 0 {
				t.Fatal("nothing was said")
			}
			for _, one := range between {
				if one.State != tunnel.Reconnecting || one.Code != code || one.Detail != meanings[code].words {
					t.Errorf("%+v", one)
				}
			}
			s.answersSoon("/again")
		})
	}
}
