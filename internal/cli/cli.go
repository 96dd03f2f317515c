// Package cli is the verbs of the command postern: a face of the bridge, which parses, asks and prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"postern/auth"
	"postern/internal/bridge"
)

// Version is the version of Postern; a release sets it when it is linked.
var Version = ""

// The exit codes.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitOwnerMust = 3 // the owner must act first: sign in, approve
)

// usageError is a command that cannot be understood.
type usageError struct{ error }

// ownerMust is a failure that the owner can end.
type ownerMust struct{ error }

// face is where a command is typed.
type face struct {
	in       io.Reader
	out, err io.Writer
	json     bool
	demo     bool

	interrupted <-chan struct{} // closed when the owner wants the command to end
}

// Main runs a command line without its program name and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	f := &face{in: in, out: out, err: errOut, interrupted: ctx.Done()}
	root := f.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var usage usageError
	var owner ownerMust
	var again *auth.SignInAgainError
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(errOut, "postern: stopped")
		return exitFailed
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		fmt.Fprintf(errOut, "postern: %s\n", clean(err.Error()))
		fmt.Fprintln(errOut, `Run "postern help" for what there is.`)
		return exitUsage
	case errors.As(err, &again):
		fmt.Fprintf(errOut, "postern: %s\nRun: %s\n", clean(err.Error()), again.OwnerMust())
		return exitOwnerMust
	}
	fmt.Fprintf(errOut, "postern: %s\n", clean(err.Error()))
	if errors.As(err, &owner) || errors.Is(err, auth.ErrNoGoogleClient) || errors.Is(err, bridge.ErrLockedDown) {
		return exitOwnerMust
	}
	return exitFailed
}

func (f *face) root() *cobra.Command {
	root := &cobra.Command{
		Use: "postern", Short: "Let AI assistants use your Google Workspace, with your permission",
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().BoolVar(&f.json, "json", false, "print JSON")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(f.stdio(), f.serve(), f.clients(), f.pair(), f.connect(), f.pause(), f.resume(), f.lockdown(), f.tunnel(), f.googleClient(), f.profiles(), f.approvals(), f.tools(), f.settings(), f.log(), f.status(), f.doctor(), f.version(), f.readFile())
	return root
}

// noun is a command that only has commands below it.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, RunE: func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath())}
		}
		return c.Help()
	}}
	c.AddCommand(verbs...)
	return c
}

// exactly wants that many arguments, and names them if there are others.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("usage: %s", c.UseLine())}
		}
		return nil
	}
}

// within wants at least and at most that many arguments.
func within(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError{fmt.Errorf("usage: %s", c.UseLine())}
		}
		return nil
	}
}

// open opens the bridge for a verb and closes it after.
func (f *face) open(run func(context.Context, *bridge.Bridge, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		b, err := bridge.Open(c.Context(), bridge.Config{Demo: f.demo, Log: f.err, Browser: browser(), Show: f.show, Ask: f.askPassphrase(), Reader: reader()})
		if err != nil {
			return err
		}
		err = run(c.Context(), b, args)
		return errors.Join(err, b.Close())
	}
}

func (f *face) show(format string, args ...any) { fmt.Fprintf(f.err, format+"\n", args...) }

func (f *face) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: exactly(0), RunE: func(*cobra.Command, []string) error {
		if f.json {
			return f.printJSON(map[string]string{"version": version()})
		}
		_, err := fmt.Fprintln(f.out, "postern "+version())
		return err
	}}
}

func version() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
