package bridge

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/internal/tool"
)

// codeLetters is how many letters a pairing code has: 40 bits, for ten minutes and five wrong tries.
const codeLetters = 8

// MakePairingCode makes a code that lets one client in to these profiles and scopes, by name or email and as they are on
// offer: the one profile that there is and reading, if none is named. The grant ends at expires, if that is not zero.
func (b *Bridge) MakePairingCode(ctx context.Context, profileNames, scopes []string, expires time.Time) (desk.PairingCode, error) {
	if b.LockedDown() {
		return desk.PairingCode{}, ErrLockedDown
	}
	offered := offers{b, newCatalogue()}
	choices, err := offered.Profiles(ctx)
	if err != nil {
		return desk.PairingCode{}, err
	}
	all, err := profiles{b}.List(ctx)
	if err != nil {
		return desk.PairingCode{}, err
	}
	out := desk.PairingCode{Terms: approval.Terms{Scopes: scopes, Expires: expires}}
	if len(profileNames) == 0 && len(choices) == 1 {
		profileNames = []string{all[0].Name}
	}
	for _, name := range profileNames {
		i := slices.IndexFunc(all, func(p tool.Profile) bool { return strings.EqualFold(p.Name, name) || strings.EqualFold(p.Email, name) })
		if i < 0 {
			return desk.PairingCode{}, fmt.Errorf("there is no profile %q", name)
		}
		out.Terms.Profiles, out.Profiles = append(out.Terms.Profiles, all[i].ID), append(out.Profiles, all[i].Name)
	}
	if len(out.Terms.Profiles) == 0 {
		return desk.PairingCode{}, fmt.Errorf("which profiles does the code give? Name them with --profiles")
	}
	if len(scopes) == 0 {
		out.Terms.Scopes = offered.Basic()
	}
	known, err := offered.Scopes(ctx, nil)
	if err != nil {
		return desk.PairingCode{}, err
	}
	for _, s := range out.Terms.Scopes {
		if !slices.ContainsFunc(known, func(c approval.Choice) bool { return c.ID == s }) {
			return desk.PairingCode{}, fmt.Errorf("there is no scope %q to give", s)
		}
	}
	pepper, err := b.keptPepper(ctx)
	if err != nil {
		return desk.PairingCode{}, err
	}
	code := rand.Text()[:codeLetters]
	out.Code, out.Until = code[:codeLetters/2]+"-"+code[codeLetters/2:], b.config.Now().Add(pairingTime)
	return out, b.Store.AddPairingCode(ctx, pepper.Hash(code), out.Terms, out.Until)
}

// codes is the pairing codes, for the authorization server.
type codes struct{ s *service }

// Redeem takes a code, however it is spaced and in whatever case.
func (c codes) Redeem(ctx context.Context, code string, fit func(approval.Terms) error) (approval.Terms, int, error) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(code))
	if len(code) != codeLetters {
		code = "" // no code is that, but it counts as a try
	}
	return c.s.b.Store.RedeemPairingCode(ctx, c.s.pepper.Load().Hash(code), c.s.b.config.Now(), fit)
}
