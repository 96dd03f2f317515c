package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/auth"
	"postern/internal/bridge"
	"postern/internal/settings"
)

func (f *face) profiles() *cobra.Command {
	var toolsets, adc string
	var readOnly, check bool
	add := &cobra.Command{Use: "add NAME", Short: "Sign in to a Google account", Args: func(c *cobra.Command, args []string) error {
		if adc == "default" { // pflag reads an optional value only after "=": here "--adc FILE" works, too
			return within(1, 2)(c, args)
		}
		return exactly(1)(c, args)
	}, RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		if len(args) == 2 {
			adc = args[1]
		}
		return f.addProfile(ctx, b, args[0], settings.SplitList(toolsets), readOnly, adc)
	})}
	add.Flags().StringVar(&toolsets, "toolsets", "", "what to ask Google for, separated by commas; all if empty")
	add.Flags().BoolVar(&readOnly, "read-only", false, "ask only for reading")
	add.Flags().StringVar(&adc, "adc", "", "use Application Default Credentials, of FILE if given, instead of a sign-in")
	add.Flags().Lookup("adc").NoOptDefVal = "default"

	refresh := &cobra.Command{Use: "refresh NAME", Short: "Sign in again, or with other toolsets", Args: exactly(1)}
	refresh.RunE = f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		return f.refreshProfile(ctx, b, args[0], settings.SplitList(toolsets), readOnly, refresh.Flags().Changed("read-only"))
	})
	refresh.Flags().StringVar(&toolsets, "toolsets", "", "what to ask Google for; as before if empty")
	refresh.Flags().BoolVar(&readOnly, "read-only", false, "ask only for reading")

	list := &cobra.Command{Use: "list", Short: "List the profiles", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		return f.listProfiles(ctx, b, check)
	})}
	show := &cobra.Command{Use: "show NAME", Short: "Show one profile", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		return f.showProfile(ctx, b, args[0], check)
	})}
	for _, c := range []*cobra.Command{list, show} {
		c.Flags().BoolVar(&check, "check", false, "ask Google now")
	}
	return noun("profiles", "The Google accounts that you have signed in to", add, list, show, refresh,
		&cobra.Command{Use: "use NAME", Short: "Make a profile the default", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
			one, err := b.Profiles.Use(ctx, args[0])
			if err == nil {
				fmt.Fprintf(f.out, "Calls without a profile now act as %s (%s).\n", line(one.Name), line(one.Email))
			}
			return err
		})},
		&cobra.Command{Use: "rename NAME NEW-NAME", Short: "Give a profile another name", Args: exactly(2), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
			one, err := b.Profiles.Rename(ctx, args[0], args[1])
			if err == nil {
				fmt.Fprintf(f.out, "The profile of %s is now called %s.\n", line(one.Email), line(one.Name))
			}
			return err
		})},
		&cobra.Command{Use: "remove NAME", Short: "Forget a profile and take its permission back at Google", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
			one, warning, err := b.Profiles.Remove(ctx, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(f.out, "Profile %s (%s) is removed.\n", line(one.Name), line(one.Email))
			if warning != "" {
				f.show("Note: %s.", clean(warning))
			}
			return nil
		})},
	)
}

func (f *face) addProfile(ctx context.Context, b *bridge.Bridge, name string, toolsets []string, readOnly bool, adc string) error {
	s, err := bridge.SignIn(name, toolsets, readOnly)
	if err != nil {
		return usageError{err}
	}
	var one auth.Profile
	switch adc {
	case "":
		one, err = b.Profiles.Add(ctx, s)
	case "default":
		one, err = b.Profiles.AddADC(ctx, s, auth.DefaultADC(os.Getenv))
	default:
		one, err = b.Profiles.AddADC(ctx, s, adc)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(f.out, "Profile %s: signed in as %s.\n", line(one.Name), line(one.Email))
	f.remarks(ctx, b, one)
	return nil
}

// remarks says what is odd about a profile that was just signed in.
func (f *face) remarks(ctx context.Context, b *bridge.Bridge, one auth.Profile) {
	if one.State != auth.Valid {
		f.show("Note: %s.", clean(bridge.Health(one)))
	}
	for _, r := range b.Remarks(ctx, one) {
		f.show("Note: %s", clean(r))
	}
}

func (f *face) refreshProfile(ctx context.Context, b *bridge.Bridge, name string, toolsets []string, readOnly, changed bool) error {
	old, err := b.Profiles.Find(ctx, name)
	if err != nil {
		return err
	}
	if len(toolsets) == 0 {
		toolsets = old.Toolsets
	}
	if !changed {
		readOnly = old.ReadOnly
	}
	s, err := bridge.SignIn(name, toolsets, readOnly)
	if err != nil {
		return usageError{err}
	}
	one, err := b.Profiles.Refresh(ctx, name, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(f.out, "Profile %s: signed in again as %s.\n", line(one.Name), line(one.Email))
	f.remarks(ctx, b, one)
	return nil
}

// checked returns the profiles, asked about at Google if that is wanted.
func (f *face) checked(ctx context.Context, b *bridge.Bridge, check bool) ([]auth.Profile, error) {
	all, err := b.Profiles.List(ctx)
	if err != nil || !check {
		return all, err
	}
	for i, one := range all {
		if all[i], err = b.Profiles.Check(ctx, one.Name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f *face) listProfiles(ctx context.Context, b *bridge.Bridge, check bool) error {
	all, err := f.checked(ctx, b, check)
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintln(f.out, "No profiles yet. Add one with: postern profiles add NAME")
		return nil
	}
	preset, err := b.Store.DefaultProfile(ctx)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, one := range all {
		mark := ""
		if one.ID == preset || len(all) == 1 {
			mark = "*"
		}
		rows = append(rows, []string{mark, one.Name, one.Email, string(one.State), age(one.SignedInAt, time.Now())})
	}
	if err := f.table([]string{"", "NAME", "EMAIL", "STATE", "SIGNED IN"}, rows); err != nil {
		return err
	}
	for i, one := range all {
		if one.State != auth.Valid {
			fmt.Fprintf(f.out, "\n%s: %s\n", line(one.Name), line(one.Reason))
			if one.State != auth.Unreachable {
				fmt.Fprintf(f.out, "  Run: postern profiles refresh %s\n", line(one.Name))
			}
		}
		for _, o := range all[i+1:] {
			if strings.EqualFold(o.Email, one.Email) {
				fmt.Fprintf(f.out, "\n%s and %s are the same account.\n", line(one.Name), line(o.Name))
			}
		}
	}
	return nil
}

func (f *face) showProfile(ctx context.Context, b *bridge.Bridge, name string, check bool) error {
	one, err := b.Profiles.Find(ctx, name)
	if err != nil {
		return err
	}
	if check {
		if one, err = b.Profiles.Check(ctx, one.Name); err != nil {
			return err
		}
	}
	if f.json {
		return f.printJSON(one)
	}
	now := time.Now()
	rows := [][]string{{"name", one.Name}, {"email", one.Email}, {"state", string(one.State)}}
	if one.Reason != "" {
		rows = append(rows, []string{"why", one.Reason})
	}
	rows = append(rows, []string{"toolsets", strings.Join(one.Toolsets, ", ")}, []string{"read-only", fmt.Sprint(one.ReadOnly)}, []string{"signed in", age(one.SignedInAt, now)}, []string{"last check", age(one.CheckedAt, now)})
	if !one.RefreshUntil.IsZero() {
		rows = append(rows, []string{"ends", one.RefreshUntil.Local().Format("2006-01-02 15:04")})
	}
	for i, s := range one.Scopes {
		label := ""
		if i == 0 {
			label = "scopes"
		}
		rows = append(rows, []string{label, s})
	}
	return f.table([]string{"", ""}, rows)
}
