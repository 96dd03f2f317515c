package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/internal/desk"
	"postern/internal/qrcode"
	"postern/internal/settings"
	"postern/tunnel"
)

// errNotShared is returned where sharing would have to be on.
var errNotShared = ownerMust{errors.New("nothing is shared: postern tunnel on")}

func (f *face) tunnelShare() *cobra.Command {
	var pngFile, svgFile string
	c := &cobra.Command{Use: "share", Short: "Show the address, its QR code, and how assistants are told", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		t, err := b.Tunnel(ctx)
		if err != nil {
			return err
		}
		if !t.Up() {
			return notUp(t)
		}
		if pngFile != "" || svgFile != "" {
			return f.drawShare(t.URL, pngFile, svgFile)
		}
		if f.json {
			until, err := b.Pairing(ctx)
			if err != nil {
				return err
			}
			return f.printJSON(struct {
				URL     string    `json:"url"`
				Pairing time.Time `json:"pairing_until,omitzero"` // until when new clients may ask; left out if they may not
				Steps   []step    `json:"steps"`
			}{t.URL, until, steps(t.URL)})
		}
		return f.printShare(ctx, b, t)
	})}
	c.Flags().StringVar(&pngFile, "png", "", "write the QR code to this file instead")
	c.Flags().StringVar(&svgFile, "svg", "", "write the QR code to this file instead, as SVG")
	return c
}

// drawShare writes the QR code to files.
func (f *face) drawShare(address, pngFile, svgFile string) error {
	code, err := qrcode.New(address)
	if err != nil {
		return err
	}
	if pngFile != "" {
		b, err := code.PNG()
		if err != nil {
			return err
		}
		if err := os.WriteFile(pngFile, b, 0o644); err != nil { // the address is no secret
			return err
		}
	}
	if svgFile != "" {
		if err := os.WriteFile(svgFile, code.SVG(), 0o644); err != nil {
			return err
		}
	}
	return f.done("Written. It holds "+address, map[string]string{"url": address})
}

// step is how one assistant is told.
type step struct {
	Assistant string `json:"assistant"`
	Text      string `json:"text"`
}

// steps are how assistants are told the address.
func steps(address string) []step {
	return []step{
		{"Claude", "On claude.ai in a browser: Settings, Connectors, Add custom connector, name it Postern, paste the address, Connect. The apps on your phone and computer have it then."},
		{"ChatGPT", "On chatgpt.com in a browser, with a paid plan: Settings, Apps & Connectors, Advanced settings, switch Developer mode on; then Create, paste the address, choose OAuth. Pick it in a chat under Developer mode."},
		{"Gemini", "Gemini CLI: gemini mcp add --transport http postern " + address + ", then in it: /mcp auth postern"},
		{"Others", "Anything that speaks MCP over Streamable HTTP with OAuth takes the address alone."},
	}
}

// printShare shows the address and what to do with it.
func (f *face) printShare(ctx context.Context, b *bridge.Bridge, t desk.Tunnel) error {
	until, err := b.Pairing(ctx)
	if err != nil {
		return err
	}
	switch {
	case t.State != tunnel.Online:
		f.say("Postern is shared, but cannot be reached at this moment: " + strings.TrimSuffix(cmp.Or(t.Detail, string(t.State)), ".") + ". Its address stays")
	case t.Check.Bad():
		f.say("Postern is shared, but perhaps not reached: " + t.Check.Says + ". Its address is")
	default:
		f.say("Postern can be reached from outside at")
	}
	fmt.Fprintf(f.out, "\n  %s\n\n", line(t.URL))
	if f.terminal() {
		if code, err := qrcode.New(t.URL); err == nil {
			fmt.Fprintln(f.out, code.Terminal())
		}
	}
	if t.Behind != "" {
		f.say("Your proxy must send what it gets there to http://" + t.Behind + ", with the name of the host as it is.")
	}
	f.say(doorWords(b, until, time.Now()))
	fmt.Fprintln(f.out)
	var rows [][]string
	for _, s := range steps(t.URL) {
		rows = append(rows, []string{s.Assistant, s.Text})
	}
	if err := f.table([]string{"", ""}, rows); err != nil {
		return err
	}
	fmt.Fprintln(f.out)
	if t.Provider == settings.Ngrok {
		f.say("ngrok shows a page of its own before the first visit of a browser, once a week on the free plan: click \"Visit Site\". It ends the encryption at its service, so it can read what passes.")
	}
	if t.Until.IsZero() {
		f.say("End it: postern tunnel off")
	} else {
		f.say("Sharing ends by itself at " + moment(t.Until, time.Now()) + ". End it now: postern tunnel off")
	}
	return nil
}

// doorWords says whether new clients may ask.
func doorWords(b *bridge.Bridge, until, now time.Time) string {
	switch {
	case b.Paused():
		return "Postern is paused, so no client gets an answer until: postern resume"
	case until.IsZero():
		return "New clients cannot ask yet. Open the door for ten minutes: postern pair\nAway from this computer? Make a code to type on the page: postern pair --code"
	}
	return "New clients may ask until " + moment(until, now) + "."
}
