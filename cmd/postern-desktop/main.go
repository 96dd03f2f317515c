//go:build cgo

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"postern/internal/extract"
	"postern/internal/sessionbus"
	"postern/ui/notice"
)

// Version is the version of Postern; a release sets it when it is linked.
var Version = ""

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitCrashed = 2
)

// readVerb is the verb that Postern starts itself with to read a file that came from outside.
const readVerb = "read-file"

// options are what the program is started with.
type options struct {
	hidden    bool   // start in the tray, without a window
	demo      bool   // add the sample account
	demoIfNew bool   // as long as there is no profile
	addr      string // where clients on this computer are served; "" for the port of the settings
}

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, errOut io.Writer) int {
	if len(args) == 2 && args[0] == readVerb {
		return extract.Work(args[1], os.Stdin, os.Stdout)
	}
	o, err := parse(args, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return fail(errOut, errors.New(`there is no display here: run "postern serve", which needs none`))
	}
	err = sessionbus.Settle()
	if err == nil {
		var d *desktop
		if d, err = open(o, errOut); err == nil {
			err = d.run()
		}
	}
	switch {
	case err == nil, errors.Is(err, errShown):
		return exitDone
	case errors.Is(err, errCrashed):
		fail(errOut, err)
		return exitCrashed
	}
	code := fail(errOut, err)
	if !o.hidden && notice.Needed(errOut) {
		showProblem(err)
	}
	return code
}

func parse(args []string, errOut io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("postern-desktop", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.BoolVar(&o.hidden, "hidden", false, "start in the tray, without a window")
	flags.BoolVar(&o.demo, "demo", false, "add a sample account; nothing in it is real")
	flags.BoolVar(&o.demoIfNew, "demo-if-new", false, "add the sample account as long as there is no profile")
	flags.StringVar(&o.addr, "addr", "", "host and port on this computer (default: 127.0.0.1 and the setting http.port)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(errOut, "postern-desktop: it takes no arguments, and was given %q\n", flags.Arg(0))
		return o, errors.New("arguments")
	}
	return o, nil
}

func fail(errOut io.Writer, err error) int {
	fmt.Fprintf(errOut, "postern-desktop: %s\n", err)
	return exitFailed
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
