package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/internal/settings"
)

// serveGC is how much garbage is made before it is collected, in percent of what lives. Little lives while serving, so a
// smaller value collects after every few calls: at 50, a third fewer are answered.
const serveGC = 200

func (f *face) serve() *cobra.Command {
	a, share := bridge.Addresses{}, false
	c := &cobra.Command{Use: "serve", Short: "Serve MCP clients over HTTP, without a screen", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		debug.SetGCPercent(serveGC)
		if share && a.Public != "" {
			return usageError{errors.New("--tunnel and --public-url are two ways for the same: give one")}
		}
		if share {
			if err := f.mayLoosen(ctx, b); err != nil {
				return err
			}
		}
		return b.Serve(ctx, a, version(), func(local, public string) {
			f.welcome(b, local, public)
			if share {
				go f.shareFromStart(ctx, b)
			}
			if f.terminal() {
				go f.answerQuestions(ctx, b)
			}
		})
	})}
	c.Flags().StringVar(&a.Local, "addr", "", "host and port on this computer (default: 127.0.0.1 and http.port, see settings)")
	c.Flags().BoolVar(&share, "tunnel", false, "be reached from outside too, as by \"postern tunnel on\"")
	c.Flags().StringVar(&a.Public, "public-url", "", "https address under which a proxy of your own is reached")
	c.Flags().StringVar(&a.Behind, "public-addr", settings.DefaultBehind, "host and port on this computer to which that proxy sends")
	c.Flags().BoolVar(&f.demo, "demo", false, "add a sample account; nothing in it is real")
	return c
}

// askFirst is what must be done before a client from outside can be connected.
const askFirst = "Before you connect one from outside, open the door for ten minutes: postern pair"

// shareFromStart switches the tunnel on, and says how that went.
func (f *face) shareFromStart(ctx context.Context, b *bridge.Bridge) {
	if err := b.ShareOn(ctx); err != nil {
		f.show("Nothing is shared: %s\nTry again with: postern tunnel on", line(err.Error()))
		return
	}
	t, err := b.Tunnel(ctx)
	switch {
	case err != nil:
		f.show("%s", line(err.Error()))
	case t.Up():
		f.show("From outside Postern can be reached at\n\n  %s\n\n%s\nHow assistants are told: postern tunnel share", line(t.URL), askFirst)
	default:
		f.show("%s", line(notUp(t).Error()))
	}
}

// welcome says where clients find Postern, and how the owner lets them in.
func (f *face) welcome(b *bridge.Bridge, local, public string) {
	f.show("Postern serves MCP clients on this computer at\n\n  %s", local)
	if public != "" {
		f.show("\nand from outside, behind your proxy, at\n\n  %s", public)
	}
	f.show("\nGive a client that address. It opens a browser with a number, and you let it in:")
	if f.terminal() {
		f.show("the question appears here.")
	} else {
		f.show("  postern approvals list\n  postern approvals approve ID --number NN")
	}
	if public != "" {
		f.show("%s", askFirst)
	}
	switch {
	case b.LockedDown():
		f.show("\nIt is locked down: nothing is let in until \"postern lockdown --lift\".")
	case b.Paused():
		f.show("\nIt is paused: clients get no answer until \"postern resume\".")
	}
	f.show("")
}

func (f *face) pause() *cobra.Command {
	return &cobra.Command{Use: "pause", Short: "Stop clients over HTTP for a while; they keep what they have", Args: exactly(0), RunE: f.open(func(_ context.Context, b *bridge.Bridge, _ []string) error {
		if err := b.Pause(); err != nil {
			return fmt.Errorf("pausing: %w", err)
		}
		return f.done("Paused. Clients over HTTP get no answer until: postern resume", map[string]bool{"paused": true})
	})}
}

func (f *face) resume() *cobra.Command {
	return &cobra.Command{Use: "resume", Short: "End a pause", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if err := f.mayLoosen(ctx, b); err != nil {
			return err
		}
		if err := b.Resume(); err != nil {
			return fmt.Errorf("resuming: %w", err)
		}
		return f.done("Clients over HTTP are answered again.", map[string]bool{"paused": false})
	})}
}

func (f *face) lockdown() *cobra.Command {
	lift := false
	c := &cobra.Command{Use: "lockdown", Short: "Cut off everything that has access, at once", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if !lift {
			switch err := b.Lockdown(ctx); {
			case errors.Is(err, bridge.ErrUnwritten):
				return fmt.Errorf("%w; quit Postern and your assistants to be sure", err)
			case err != nil:
				return fmt.Errorf("the lockdown is on and nothing has access, but not all of it could be written; the rest is done as soon as that can be, and before the lockdown is lifted: %w", err)
			}
			return f.done("Locked down. Every client is cut off, every question withdrawn, and nothing is let in until: postern lockdown --lift", map[string]bool{"locked_down": true})
		}
		if err := f.mayLoosen(ctx, b); err != nil {
			return err
		}
		if err := b.Lift(ctx); err != nil {
			return fmt.Errorf("lifting the lockdown: %w", err)
		}
		return f.done("The lockdown is lifted. Clients that were let in before must be let in anew.", map[string]bool{"locked_down": false})
	})}
	c.Flags().BoolVar(&lift, "lift", false, "end the lockdown")
	return c
}

func (f *face) pair() *cobra.Command {
	var code bool
	var g given
	c := &cobra.Command{Use: "pair", Short: "Open the door to new clients from outside, for ten minutes", Args: exactly(0), RunE: func(c *cobra.Command, args []string) error {
		if !code && (g.profiles != "" || g.scopes != "" || g.expires != "") {
			return usageError{fmt.Errorf("--profiles, --scopes and --expires go with --code")}
		}
		return f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
			if err := f.mayLoosen(ctx, b); err != nil {
				return err
			}
			if code {
				return f.makeCode(ctx, b, g)
			}
			until, err := b.OpenPairing(ctx)
			if err != nil {
				return fmt.Errorf("opening the pairing window: %w", err)
			}
			says := fmt.Sprintf("Until %s, or until one was let in, new clients from outside may ask.", until.Local().Format("15:04"))
			if t, err := b.Tunnel(ctx); err == nil && !t.On() {
				says += "\nBut nothing is shared now: postern tunnel on"
			} else if b.Paused() {
				says += "\nBut Postern is paused, so none gets in until: postern resume"
			}
			return f.done(says, map[string]any{"pairing_until": until})
		})(c, args)
	}}
	c.Flags().BoolVar(&code, "code", false, "make a code to type on the waiting page instead of answering here")
	c.Flags().StringVar(&g.profiles, "profiles", "", "profiles that the code gives, separated by commas")
	c.Flags().StringVar(&g.scopes, "scopes", "", "scopes that the code gives, separated by commas; reading if none is named")
	c.Flags().StringVar(&g.expires, "expires", "", "how long the client gets them: never, or a time such as 12h or 30d (default: oauth.grant, see settings)")
	c.Flags().BoolVar(&f.demo, "demo", false, "add a sample account; nothing in it is real")
	return c
}

// makeCode makes a pairing code and shows it, once.
func (f *face) makeCode(ctx context.Context, b *bridge.Bridge, g given) error {
	usual, _, err := settings.Get(ctx, b.Store, "oauth.grant")
	if err != nil {
		return err
	}
	expires, err := expiry(cmp.Or(g.expires, usual), time.Now())
	if err != nil {
		return err
	}
	p, err := b.MakePairingCode(ctx, settings.SplitList(g.profiles), settings.SplitList(g.scopes), expires)
	if err != nil {
		return fmt.Errorf("making a pairing code: %w", err)
	}
	if f.json {
		return f.printJSON(p)
	}
	f.labelled("Code", p.Code)
	f.labelled("Gives", strings.Join(p.Terms.Scopes, " ")+" of "+strings.Join(p.Profiles, ", "))
	f.labelled("Good until", p.Until.Local().Format("15:04")+", once, and only for apps that Postern knows")
	fmt.Fprintln(f.out, "\nType it on the page that waits, under \"Away from the computer?\". Give it to nobody.")
	return nil
}

// done says what was done, in words or as JSON.
func (f *face) done(words string, v any) error {
	if f.json {
		return f.printJSON(v)
	}
	_, err := fmt.Fprintln(f.out, words)
	return err
}
