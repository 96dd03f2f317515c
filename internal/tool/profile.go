package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"google.golang.org/api/option"
)

// pick finds the profile that a call acts as: the one named, else the client's default, else the one it was started
// with, else the owner's, else the only one.
func (r *Runner) pick(ctx context.Context, c Client, t *Tool, name string) (Profile, error) {
	profiles, err := r.visible(ctx, c)
	if err != nil {
		return Profile{}, err
	}
	if len(profiles) == 0 {
		return Profile{}, Errorf("no_profile", "there is no Google profile that this client may use: the owner can add one with the command: postern profiles add NAME")
	}
	var p Profile
	if name != "" {
		p, err = named(profiles, name)
	} else {
		p, err = r.preset(ctx, c, profiles)
	}
	if err != nil {
		return Profile{}, err
	}
	if !p.can(t) {
		var able []string
		for _, o := range profiles {
			if o.can(t) {
				able = append(able, fmt.Sprintf("%q", o.Name))
			}
		}
		hint := ""
		if len(able) > 0 {
			hint = " These profiles can do it: " + strings.Join(able, ", ") + "."
		}
		return Profile{}, Errorf("missing_scope", "profile %q was not granted the Google scope that %s needs: the owner can add it with the command: postern profiles refresh %s.%s", p.Name, t.Name, p.Name, hint)
	}
	return p, nil
}

func named(profiles []Profile, name string) (Profile, error) {
	var found []Profile
	for _, p := range profiles {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
		if strings.EqualFold(p.Email, name) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Profile{}, Errorf("unknown_profile", "there is no profile %q: this client may use %s", clip(CleanLine(name), 60), names(profiles))
	}
	return Profile{}, Errorf("unknown_profile", "several profiles have the email %s: say which by name: %s", found[0].Email, names(found))
}

func (r *Runner) preset(ctx context.Context, c Client, profiles []Profile) (Profile, error) {
	if r.Defaults != nil {
		id, err := r.Defaults.ClientDefault(ctx, c.Key)
		if err != nil {
			return Profile{}, fmt.Errorf("reading the client's default profile: %w", err)
		}
		if i := slices.IndexFunc(profiles, func(p Profile) bool { return p.ID == id }); i >= 0 {
			return profiles[i], nil
		}
	}
	if c.Default != "" {
		return named(profiles, c.Default)
	}
	id, err := r.Profiles.Default(ctx)
	if err != nil {
		return Profile{}, fmt.Errorf("reading the default profile: %w", err)
	}
	if i := slices.IndexFunc(profiles, func(p Profile) bool { return p.ID == id }); i >= 0 {
		return profiles[i], nil
	}
	if len(profiles) == 1 {
		return profiles[0], nil
	}
	return Profile{}, Errorf("which_profile", "which profile? Pass one of %s as \"profile\", or choose this client's default with profiles_use", names(profiles))
}

func names(profiles []Profile) string {
	var n []string
	for _, p := range profiles {
		n = append(n, fmt.Sprintf("%q (%s)", p.Name, p.Email))
	}
	return strings.Join(n, ", ")
}

// service opens the tool's Google client as the profile.
func (r *Runner) service(ctx context.Context, t *Tool, p Profile) (any, error) {
	hc, err := r.Profiles.HTTPClient(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return t.open(ctx, option.WithHTTPClient(hc))
}

// fanOut runs a call once for every profile that can, four at a time, and merges the answers. A cursor from an earlier
// merged answer goes to the profiles that had more.
func (r *Runner) fanOut(ctx context.Context, t *Tool, inv Invocation, args map[string]any) *Outcome {
	profiles, err := r.visible(ctx, inv.Client)
	if err != nil {
		return failure(err)
	}
	profiles = slices.DeleteFunc(slices.Clone(profiles), func(p Profile) bool { return !p.can(t) })
	var cursors map[string]string
	if c, ok := args["cursor"].(string); ok {
		if cursors, err = splitCursor(c); err != nil {
			return failure(err)
		}
		profiles = slices.DeleteFunc(profiles, func(p Profile) bool { return cursors[p.ID] == "" })
	}
	if len(profiles) == 0 {
		return failure(Errorf("no_profile", "no profile that this client may use can run %s", t.Name))
	}
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	parts := make([]part, len(profiles))
	var g errgroup.Group
	g.SetLimit(4)
	for i, p := range profiles {
		own := maps.Clone(args)
		if cursors != nil {
			own["cursor"] = cursors[p.ID]
		}
		g.Go(func() error {
			parts[i] = r.part(ctx, t, inv, p, encode(own))
			return nil
		})
	}
	g.Wait()
	if !slices.ContainsFunc(parts, func(p part) bool { return p.err == nil }) {
		return r.explained(ctx, inv.Client, parts[0].profile, parts[0].err)
	}
	res, err := t.merge(parts)
	if err != nil {
		return failure(err)
	}
	return result(mergedHeading(parts), res)
}

func (r *Runner) part(ctx context.Context, t *Tool, inv Invocation, p Profile, args json.RawMessage) (out part) {
	out.profile = p
	failed := r.safely(t.Name, func() *Outcome {
		ctx := r.withCall(ctx, inv, p)
		svc, err := r.service(ctx, t, p)
		if err == nil {
			out.out, err = t.run(ctx, svc, args)
		}
		out.err = err
		return nil
	})
	if failed != nil {
		out.err = failed.Err
	}
	return out
}

// mergedHeading names the profiles that answered, and says of the others what went wrong.
func mergedHeading(parts []part) string {
	var ok, bad []string
	for _, p := range parts {
		if p.err == nil {
			ok = append(ok, fmt.Sprintf("%s (%s)", p.profile.Name, p.profile.Email))
			continue
		}
		var e *Error
		if !errors.As(p.err, &e) {
			e = explain(p.err, p.profile, nil)
		}
		bad = append(bad, fmt.Sprintf("profile %s gave no answer: %s\n", p.profile.Name, e.Message))
	}
	return "profiles: " + strings.Join(ok, ", ") + "\n" + strings.Join(bad, "") + "\n"
}
