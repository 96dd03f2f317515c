package notify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/tunnel"
)

func TestChanged(t *testing.T) {
	asks := func(ids ...string) (s desk.Snapshot) {
		for _, id := range ids {
			s.Waiting = append(s.Waiting, approval.Request{ID: id})
		}
		return s
	}
	quiet := desk.Snapshot{Waiting: []approval.Request{{ID: "q", Offer: &approval.Offer{Quiet: true}}}}
	profile := func(state string, sample bool) desk.Snapshot {
		return desk.Snapshot{Profiles: []desk.Profile{{ID: "p", State: state, Sample: sample}}}
	}
	broken := desk.Snapshot{Tunnel: desk.Tunnel{State: tunnel.Failed}}
	shared := desk.Snapshot{Public: "https://x.example/mcp"}
	for name, c := range map[string]struct {
		before, now    desk.Snapshot
		show, withdraw []Kind
	}{
		"nothing":               {},
		"a request":             {now: asks("a"), show: []Kind{RequestWaits}},
		"the same request":      {before: asks("a"), now: asks("a")},
		"another request":       {before: asks("a"), now: asks("a", "b"), show: []Kind{RequestWaits}},
		"one of two answered":   {before: asks("a", "b"), now: asks("b")},
		"one for another":       {before: asks("a"), now: asks("b"), show: []Kind{RequestWaits}},
		"the last answered":     {before: asks("a"), now: asks(), withdraw: []Kind{RequestWaits}},
		"a quiet request":       {now: quiet},
		"signed out":            {before: profile("valid", false), now: profile("must sign in again", false), show: []Kind{SignInAgain}},
		"still signed out":      {before: profile("must sign in again", false), now: profile("must sign in again", false)},
		"signed in again":       {before: profile("must sign in again", false), now: profile("valid", false), withdraw: []Kind{SignInAgain}},
		"Google unreachable":    {before: profile("valid", false), now: profile("unreachable", false)},
		"the sample signed out": {now: profile("must sign in again", true)},
		"shared":                {now: shared, show: []Kind{FirstShared}},
		"still shared":          {before: shared, now: shared},
		"no longer shared":      {before: shared, withdraw: []Kind{FirstShared}},
		"the tunnel broke":      {before: shared, now: broken, show: []Kind{TunnelFailed}, withdraw: []Kind{FirstShared}},
		"it never came up":      {now: broken, show: []Kind{TunnelFailed}},
		"it is still broken":    {before: broken, now: broken},
		"the tunnel came back":  {before: broken, now: shared, show: []Kind{FirstShared}, withdraw: []Kind{TunnelFailed}},
		"sharing was given up":  {before: broken, withdraw: []Kind{TunnelFailed}},
		"trouble while shared":  {before: shared, now: desk.Snapshot{Trouble: "the port is taken"}, withdraw: []Kind{FirstShared}},
	} {
		t.Run(name, func(t *testing.T) {
			show, withdraw := Changed(c.before, c.now)
			if diff := cmp.Diff([][]Kind{c.show, c.withdraw}, [][]Kind{show, withdraw}); diff != "" {
				t.Errorf("shown and taken back (-want +got):\n%s", diff)
			}
		})
	}
}
