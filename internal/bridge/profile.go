package bridge

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"postern/auth"
	"postern/internal/fakegoogle/demo"
	"postern/internal/tool"
	"postern/internal/workspace/gmail"
)

// demoID is the id of the sample profile, which no index holds.
const demoID = "demo"

// scopesOf is what each toolset asks Google for.
var scopesOf = map[string]func(readOnly bool) []string{"gmail": gmail.Scopes}

// SignIn returns what a sign-in asks for: the scopes of the toolsets, all of them if none is named.
func SignIn(name string, toolsets []string, readOnly bool) (auth.SignIn, error) {
	var known []string
	for _, s := range Sets() {
		known = append(known, s.Name)
	}
	if len(toolsets) == 0 {
		toolsets = known
	}
	s := auth.SignIn{Name: name, Toolsets: toolsets, ReadOnly: readOnly}
	for _, t := range toolsets {
		scopes, ok := scopesOf[t]
		if !ok {
			return s, fmt.Errorf("there is no toolset %q: there are %s", t, strings.Join(known, ", "))
		}
		for _, scope := range scopes(readOnly) {
			if !slices.Contains(s.Scopes, scope) {
				s.Scopes = append(s.Scopes, scope)
			}
		}
	}
	return s, nil
}

// profiles gives the tools the owner's profiles, and the sample one.
type profiles struct{ b *Bridge }

// List returns them by name, the sample one first.
func (p profiles) List(ctx context.Context) ([]tool.Profile, error) {
	var out []tool.Profile
	if p.b.demo != nil {
		out = append(out, tool.Profile{ID: demoID, Name: demo.Name, Email: demo.Email, Scopes: demo.Scopes, Health: "valid", Sample: true})
	}
	all, err := p.b.Profiles.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		out = append(out, tool.Profile{ID: one.ID, Name: one.Name, Email: one.Email, Scopes: one.Scopes, Health: Health(one)})
	}
	return out, nil
}

// Health says how a profile is, and what the owner can do about it.
func Health(one auth.Profile) string {
	switch one.State {
	case auth.SignInAgain:
		return "must sign in again: postern profiles refresh " + one.Name
	case auth.NoScopes:
		return fmt.Sprintf("missing scopes (%s): postern profiles refresh %s", one.Reason, one.Name)
	}
	return string(one.State)
}

// HTTPClient returns a client that acts as the profile.
func (p profiles) HTTPClient(ctx context.Context, id string) (*http.Client, error) {
	if id == demoID && p.b.demo != nil {
		return p.b.google(p.b.demo), nil
	}
	return p.b.Profiles.HTTPClient(ctx, id)
}

// Default returns the owner's default profile; with the sample account that is the default.
func (p profiles) Default(ctx context.Context) (string, error) {
	if p.b.demo != nil {
		return demoID, nil
	}
	return p.b.Store.DefaultProfile(ctx)
}
