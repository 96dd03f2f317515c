package cli

import (
	"context"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/internal/settings"
)

// shown adds the flags that limit what a client is shown.
func (f *face) shown(c *cobra.Command, s *bridge.Shown, toolsets *string) {
	c.Flags().StringVar(&s.Profile, "profile", "", "default profile")
	c.Flags().StringVar(toolsets, "toolsets", "", "toolsets to show, separated by commas")
	c.Flags().StringVar(&s.Tier, "tier", "", "core, extended or complete")
	c.Flags().BoolVar(&s.ReadOnly, "read-only", false, "show only tools that change nothing")
	c.Flags().BoolVar(&f.demo, "demo", false, "add a sample account; nothing in it is real")
}

func (f *face) stdio() *cobra.Command {
	var s bridge.Shown
	var toolsets string
	c := &cobra.Command{Use: "stdio", Short: "Serve an MCP client over standard input and output", Args: exactly(0), RunE: func(c *cobra.Command, args []string) error {
		return f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
			if list := settings.SplitList(toolsets); len(list) > 0 {
				s.Toolsets = list
			}
			return b.Stdio(ctx, s, version(), f.in, f.out)
		})(c, args)
	}}
	f.shown(c, &s, &toolsets)
	return c
}
