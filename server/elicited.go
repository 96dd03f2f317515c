package server

import (
	"fmt"
	"strings"

	"postern/internal/approval"
	"postern/internal/tool"
)

// questionText is the preview as plain text. What a client does not show of its own accord is spelled out, so that nothing
// leaves unseen.
func questionText(r approval.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", oneLine(r.Preview.Title))
	for _, w := range r.Preview.Warnings {
		fmt.Fprintf(&b, "! %s\n", oneLine(w.English))
	}
	for _, f := range r.Preview.Fields {
		fmt.Fprintf(&b, "%s: %s", oneLine(f.Name), oneLine(f.Value))
		if f.Alarm {
			b.WriteString(" (!)")
		}
		for _, m := range f.Marks {
			fmt.Fprintf(&b, " (%s)", oneLine(m.English))
		}
		b.WriteString("\n")
	}
	for _, c := range r.Preview.Changes {
		fmt.Fprintf(&b, "\nChanged: %s\n", oneLine(c.Title))
		for _, l := range c.Lines {
			if l.Folded > 0 {
				fmt.Fprintf(&b, "  (%d lines as before)\n", l.Folded)
				continue
			}
			fmt.Fprintf(&b, "%1s %s\n", l.Sign, oneLine(l.Text))
		}
		if c.More > 0 {
			fmt.Fprintf(&b, "  (%d more lines: the whole text stands below)\n", c.More)
		}
	}
	return b.String() + "\n" + tool.Reveal(r.Preview.Body)
}

// oneLine makes one line of a text that is about to be sent.
func oneLine(s string) string { return strings.ReplaceAll(tool.Reveal(s), "\n", " ") }
