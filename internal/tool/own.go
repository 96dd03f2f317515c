package tool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postern/internal/approval"
)

// own is the tools about Postern itself (rows 1 to 3 of the catalogue).
func (r *Runner) own() Set {
	return Set{Name: "postern", Title: "Postern", Tools: []Tool{
		Own(ClassRead, "profiles_list", "List the Google profiles this client may use: name, email, health, services, default.", r.listProfiles, Titled("List profiles")),
		Own(ClassWrite, "profiles_use", "Set the default profile of this client only.", r.useProfile, Titled("Choose the default profile")),
		Own(ClassRead, "approvals_get", "Get where an approval stands: pending, approved with the result, denied with the reason, or expired.", r.getApproval, Titled("Look up an approval")),
	}}
}

type profilesInput struct{}

type profileRow struct {
	Profile
	Services []string `json:"services"`
	Default  bool     `json:"default,omitempty"`
}

type profilesOutput struct {
	Profiles []profileRow `json:"profiles"`
}

func (o profilesOutput) Markdown() string {
	if len(o.Profiles) == 0 {
		return "No Google profile yet. The owner can add one with the command: postern profiles add NAME"
	}
	var b strings.Builder
	for _, p := range o.Profiles {
		fmt.Fprintf(&b, "- %s: %s, %s, services: %s", p.Name, p.Email, p.Health, strings.Join(p.Services, " "))
		if p.Default {
			b.WriteString(", default")
		}
		if p.Sample {
			b.WriteString(" (sample data)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r *Runner) listProfiles(ctx context.Context, _ profilesInput) (profilesOutput, error) {
	c := From(ctx).Client
	profiles, err := r.visible(ctx, c)
	if err != nil {
		return profilesOutput{}, err
	}
	preset, err := r.preset(ctx, c, profiles)
	var unset *Error
	if err != nil && !errors.As(err, &unset) {
		return profilesOutput{}, err
	}
	out := profilesOutput{Profiles: []profileRow{}}
	for _, p := range profiles {
		row := profileRow{Profile: p, Services: []string{}, Default: err == nil && p.ID == preset.ID}
		for _, t := range r.tools {
			if !t.Local() && c.Sees(t) && p.can(t) && !slices.Contains(row.Services, t.set) {
				row.Services = append(row.Services, t.set)
			}
		}
		out.Profiles = append(out.Profiles, row)
	}
	return out, nil
}

type useInput struct {
	Profile string `json:"profile" jsonschema:"Name or email of a profile in profiles_list."`
}

type useOutput struct {
	Profile string `json:"profile"`
	Email   string `json:"email"`
}

func (o useOutput) Markdown() string {
	return fmt.Sprintf("Calls of this client without a profile now act as %s (%s).", o.Profile, o.Email)
}

func (r *Runner) useProfile(ctx context.Context, in useInput) (useOutput, error) {
	c := From(ctx).Client
	profiles, err := r.visible(ctx, c)
	if err != nil {
		return useOutput{}, err
	}
	p, err := named(profiles, in.Profile)
	if err != nil {
		return useOutput{}, err
	}
	if r.Defaults == nil {
		return useOutput{}, Errorf("not_allowed", "this client's default cannot be changed: pass profile in each call")
	}
	if err := r.Defaults.SetClientDefault(ctx, c.Key, p.ID); err != nil {
		return useOutput{}, fmt.Errorf("keeping the default profile: %w", err)
	}
	return useOutput{Profile: p.Name, Email: p.Email}, nil
}

type approvalInput struct {
	ID string `json:"approval_id" jsonschema:"From the answer that said pending_approval."`
}

type approvalOutput struct {
	ID     string         `json:"approval_id"`
	State  approval.State `json:"state"`
	Reason string         `json:"reason,omitempty"`
	Result string         `json:"result,omitempty"`
	until  string
}

func (o approvalOutput) Markdown() string {
	switch o.State {
	case approval.Pending:
		return fmt.Sprintf("pending: the owner has not answered approval %s yet (until %s). Nothing was done so far.", o.ID, o.until)
	case approval.Approved, approval.Running:
		return fmt.Sprintf("approved: the call of approval %s is running; ask again in a moment.", o.ID)
	case approval.Done:
		return "approved, and done. The result:\n\n" + o.Result
	case approval.Failed:
		return "approved, but the call failed: " + o.Result
	case approval.Denied:
		if o.Reason != "" {
			return fmt.Sprintf("denied by the owner with the reason %q. Nothing was done.", o.Reason)
		}
		return "denied by the owner. Nothing was done."
	case approval.Expired:
		return "expired: the owner did not answer in time. Nothing was done."
	}
	return string(o.State) + ": nothing was done."
}

func (r *Runner) getApproval(ctx context.Context, in approvalInput) (approvalOutput, error) {
	c := From(ctx).Client
	missing := Errorf("not_found", "this client has no approval %q: the id is in the answer that said pending_approval", clip(CleanLine(in.ID), 60))
	if r.Queue == nil {
		return approvalOutput{}, missing
	}
	req, err := r.Queue.Get(ctx, in.ID)
	if errors.Is(err, approval.ErrNotFound) || err == nil && (req.ClientKey != c.Key || req.ID != in.ID) {
		return approvalOutput{}, missing
	}
	if err != nil {
		return approvalOutput{}, fmt.Errorf("reading the approval: %w", err)
	}
	out := approvalOutput{ID: req.ID, State: req.State, Result: req.Result, until: req.ExpiresAt.Format("15:04 MST")}
	if req.Answer != nil && req.State == approval.Denied {
		out.Reason = CleanLine(req.Answer.Reason)
	}
	return out, nil
}
