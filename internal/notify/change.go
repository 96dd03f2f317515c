package notify

import (
	"slices"

	"postern/internal/approval"
	"postern/internal/desk"
)

// mustSignIn is the state of a profile whose sign-in has ended, see auth.State.
const mustSignIn = "must sign in again"

// Changed says what is to be told, and what is to be taken back, when before has become now. Before the first snapshot
// is the zero one.
func Changed(before, now desk.Snapshot) (show, withdraw []Kind) {
	tell := func(k Kind, was, is bool, news bool) {
		switch {
		case is && news:
			show = append(show, k)
		case was && !is:
			withdraw = append(withdraw, k)
		}
	}
	old, loud := before.Loud(), now.Loud()
	tell(RequestWaits, len(old) > 0, len(loud) > 0, slices.ContainsFunc(loud, func(r approval.Request) bool {
		return !slices.ContainsFunc(old, func(o approval.Request) bool { return o.ID == r.ID })
	}))
	ended, ends := signedOut(before), signedOut(now)
	tell(SignInAgain, len(ended) > 0, len(ends) > 0, slices.ContainsFunc(ends, func(id string) bool { return !slices.Contains(ended, id) }))
	tell(TunnelFailed, before.Tunnel.Troubled(), now.Tunnel.Troubled(), !before.Tunnel.Troubled())
	tell(FirstShared, before.Public != "", now.Public != "", before.Public == "")
	return show, withdraw
}

// signedOut returns the ids of the profiles that must sign in again.
func signedOut(s desk.Snapshot) (ids []string) {
	for _, p := range s.Profiles {
		if p.State == mustSignIn && !p.Sample {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
