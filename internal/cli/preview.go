package cli

import (
	"fmt"
	"strings"

	"postern/internal/approval"
	"postern/internal/tool"
)

// preview prints the whole of what would happen. Everything in it may come from outside, so nothing of it reaches the
// terminal as it is, what cannot be seen is spelled out, and no text of it begins where Postern's own lines do.
func (f *face) preview(r approval.Request) {
	fmt.Fprintf(f.out, "%s\n\n", line(r.Preview.Title))
	if r.Public {
		f.labelled("Came from", "THE INTERNET, not this computer")
	}
	if r.Offer != nil {
		f.offer(r)
		return
	}
	f.labelled("Asked by", fmt.Sprintf("%s (calls itself so; %s)", line(r.Client), line(r.Origin)))
	f.labelled("Profile", r.Profile)
	f.labelled("Tool", fmt.Sprintf("%s (%s)", r.Tool, r.Class))
	for _, w := range r.Preview.Warnings {
		f.labelled("Look", w.English)
	}
	fmt.Fprintln(f.out)
	f.fields(r.Preview.Fields)
	f.changed(r.Preview.Changes)
	if r.Preview.Body != "" {
		fmt.Fprintf(f.out, "\n  %s\n", strings.Join(wrap(tool.Reveal(r.Preview.Body), f.column(2)), "\n  "))
	}
}

// fields prints what a preview shows of an action, a list under one label. What deserves a second look has a "!" before it.
func (f *face) fields(all []approval.Field) {
	for i, p := range all {
		name, value := line(p.Name), p.Value
		if i > 0 && all[i-1].Name == p.Name {
			name = ""
		}
		if p.Alarm {
			value = "! " + value
		}
		for _, m := range p.Marks {
			value += " (" + m.English + ")"
		}
		f.labelled(name, value)
	}
}

// changed prints what is other than it was asked, each line behind its sign.
func (f *face) changed(all []approval.Change) {
	for _, c := range all {
		fmt.Fprintf(f.out, "\nChanged: %s\n", line(c.Title))
		for _, l := range c.Lines {
			text := tool.Reveal(l.Text)
			if l.Folded > 0 {
				text = fmt.Sprintf("(%d lines as before)", l.Folded)
			}
			fmt.Fprintf(f.out, "  %1s %s\n", l.Sign, strings.Join(wrap(text, f.column(4)), "\n    "))
		}
		if c.More > 0 {
			fmt.Fprintf(f.out, "    (%d more lines: the whole text stands below)\n", c.More)
		}
	}
}

// labelIndent is where the values of a preview begin.
const labelIndent = 14

// labelled prints a value beside its label, "" for a line that goes on.
func (f *face) labelled(name, value string) {
	if name != "" {
		name += ":"
	}
	value = strings.ReplaceAll(tool.Reveal(value), "\n", " ")
	fmt.Fprintf(f.out, "%-*s%s\n", labelIndent, name, strings.Join(wrap(value, f.column(labelIndent)), "\n"+strings.Repeat(" ", labelIndent)))
}

// column is how wide text may be that begins at indent, 0 if that is not known.
func (f *face) column(indent int) int {
	if w := f.width(); w > 0 {
		return max(w-indent, minColumn)
	}
	return 0
}
