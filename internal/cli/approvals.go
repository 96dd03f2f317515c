package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/approval"
	"postern/internal/bridge"
)

func (f *face) approvals() *cobra.Command {
	var all bool
	list := &cobra.Command{Use: "list", Short: "List the questions that wait for you", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		return f.listApprovals(ctx, b, all)
	})}
	list.Flags().BoolVar(&all, "all", false, "also those that were answered")
	var reason string
	deny := &cobra.Command{Use: "deny ID", Short: "Say no", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		return f.deny(ctx, b, args[0], reason)
	})}
	deny.Flags().StringVar(&reason, "reason", "", "why; kept with the question, and told to the assistant whose call it was")
	var g given
	approve := &cobra.Command{Use: "approve ID", Short: "Say yes", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		return f.approve(ctx, b, args[0], g)
	})}
	approve.Flags().StringVar(&g.number, "number", "", "number that the browser shows, for a client that wants to be let in")
	approve.Flags().StringVar(&g.host, "host", "", "host that access is sent to, if Postern does not know it")
	approve.Flags().StringVar(&g.profiles, "profiles", "", "profiles that it gets, separated by commas")
	approve.Flags().StringVar(&g.scopes, "scopes", "", "scopes that it gets, separated by commas")
	approve.Flags().StringVar(&g.expires, "expires", "", "how long it gets them: never, or a time such as 12h or 30d")
	approve.Flags().StringVar(&g.instead, "instead", "", "what is done instead, as \"approvals show\" names it, e.g. draft")
	approve.Flags().BoolVar(&g.once, "once", false, "what it wants more, for the call that was refused alone")
	return noun("approvals", "Questions of assistants to you", list,
		&cobra.Command{Use: "show ID", Short: "Show exactly what would happen", Args: exactly(1), RunE: f.open(f.showApproval)},
		approve,
		deny,
		f.revise())
}

func (f *face) listApprovals(ctx context.Context, b *bridge.Bridge, all bool) error {
	var found []approval.Request
	var err error
	if all {
		found, err = b.Queue.List(ctx)
	} else {
		found, err = b.Queue.Pending(ctx)
	}
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(found)
	}
	if len(found) == 0 {
		fmt.Fprintln(f.out, "Nothing waits for you.")
		return nil
	}
	var rows [][]string
	for _, r := range found {
		rows = append(rows, []string{r.ID, r.ExpiresAt.Local().Format("15:04"), string(r.State), clip(line(r.Client), 20), clip(line(r.Profile), 12), line(r.Preview.Title)})
	}
	if err := f.table([]string{"ID", "UNTIL", "STATE", "CLIENT", "PROFILE", "WHAT"}, rows); err != nil {
		return err
	}
	if !all {
		fmt.Fprintf(f.out, "\nLook with: postern approvals show %s\n", found[0].ID)
	}
	return nil
}

// find returns the question that an id, or its beginning, means.
func find(ctx context.Context, b *bridge.Bridge, id string) (approval.Request, error) {
	r, err := b.Queue.Find(ctx, id)
	if errors.Is(err, approval.ErrNotFound) {
		return r, fmt.Errorf("there is no approval %q: \"postern approvals list\" shows those that wait", line(id))
	}
	return r, err
}

func (f *face) showApproval(ctx context.Context, b *bridge.Bridge, args []string) error {
	r, err := find(ctx, b, args[0])
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(r)
	}
	f.preview(r)
	switch r.State {
	case approval.Pending:
		how := ""
		if r.Kind == approval.Connect {
			how = " --number NN"
			if r.Offer.Stranger() {
				how += " --host NAME"
			}
		}
		fmt.Fprintf(f.out, "\nUntil %s. Answer with:\n  postern approvals approve %s%s\n  postern approvals deny %s --reason \"…\"\n", r.ExpiresAt.Local().Format("15:04"), r.ID, how, r.ID)
		for _, c := range r.Preview.Instead {
			fmt.Fprintf(f.out, "  postern approvals approve %s --instead %s\n", r.ID, c.ID)
		}
		if len(r.Preview.Edits) > 0 {
			fmt.Fprintf(f.out, "Or change it first:\n  postern approvals edit %s %s=…\n", r.ID, r.Preview.Edits[0].Name)
		}
	default:
		fmt.Fprintf(f.out, "\nThis question is settled: %s%s.\n", r.State, how(r.Answer))
	}
	return nil
}

// how says by which face a question was answered, and why.
func how(a *approval.Answer) string {
	text := ""
	if a != nil && a.Via != "" {
		text = " (" + line(a.Via) + ")"
	}
	if a != nil && a.Reason != "" {
		text += ", " + line(a.Reason)
	}
	return text
}

func (f *face) approve(ctx context.Context, b *bridge.Bridge, id string, g given) error {
	r, err := find(ctx, b, id)
	if err != nil {
		return err
	}
	if r.State != approval.Pending {
		return settled(r)
	}
	terms, err := g.terms(r, time.Now())
	if err != nil {
		return err
	}
	if err := f.mayApprove(ctx, b, r); err != nil {
		return err
	}
	f.preview(r)
	switch err := b.Queue.Answer(ctx, r.ID, approval.Answer{Approved: true, Via: "cli", By: approval.Self(), Number: g.number, Host: g.host, Terms: terms, Version: r.Version, Instead: g.instead}); {
	case errors.Is(err, approval.ErrNumber):
		return usageError{fmt.Errorf("say with --number which number the browser shows")}
	case errors.Is(err, approval.ErrHost):
		return usageError{fmt.Errorf("Postern does not know where access would go: if you do, type the name of the host that stands under \"Sent to\" with --host")}
	case err != nil:
		return f.unanswered(ctx, b, r, err)
	}
	if terms != nil {
		fmt.Fprintf(f.out, "\nAllowed: %s.\n", summary(r, *terms))
		return nil
	}
	if g.instead != "" {
		fmt.Fprintf(f.out, "\nInstead of that: %s. It happens now.\n", line(g.instead))
		return nil
	}
	fmt.Fprintln(f.out, "\nApproved. It happens now.")
	return nil
}

// mayApprove says why a yes is not taken here, see approval.MayApprove.
func (f *face) mayApprove(ctx context.Context, b *bridge.Bridge, r approval.Request) error {
	set, err := b.Settings(ctx)
	if err != nil {
		return err
	}
	if !set.BesideDesktop {
		if err := noDesktop(ctx, b); err != nil {
			return err
		}
	}
	if set.CLI {
		return nil
	}
	connected, err := b.Connected(ctx)
	if err != nil {
		return err
	}
	if err := approval.MayApprove(approval.Face{Process: approval.Self(), Terminal: f.terminal()}, r, connected...); err != nil {
		return ownerMust{err}
	}
	return nil
}

func (f *face) deny(ctx context.Context, b *bridge.Bridge, id, reason string) error {
	r, err := find(ctx, b, id)
	if err != nil {
		return err
	}
	if r.State != approval.Pending {
		return settled(r)
	}
	if err := b.Queue.Answer(ctx, r.ID, approval.Answer{Reason: line(reason), Via: "cli", By: approval.Self()}); err != nil {
		return f.unanswered(ctx, b, r, err)
	}
	fmt.Fprintln(f.out, "Denied. Nothing was done.")
	return nil
}

// unanswered says why an answer was not taken.
func (f *face) unanswered(ctx context.Context, b *bridge.Bridge, r approval.Request, err error) error {
	if !errors.Is(err, approval.ErrSettled) {
		return err
	}
	now, gerr := b.Queue.Get(ctx, r.ID)
	if gerr != nil {
		return err
	}
	return settled(now)
}

func settled(r approval.Request) error {
	switch r.State {
	case approval.Withdrawn:
		return fmt.Errorf("the program that asked has withdrawn this, or has ended: nothing was done, and nothing will be")
	case approval.Expired:
		return fmt.Errorf("the time for this was over at %s: nothing was done", r.ExpiresAt.Local().Format(time.TimeOnly))
	}
	return fmt.Errorf("this was answered already: %s", r.State)
}
