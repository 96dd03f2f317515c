package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
)

// figure is one measurement with its budget.
type figure struct {
	name   string
	unit   string
	digits int // after the point
	values []float64
	budget float64 // the most that it may be, 0 for none
	least  float64 // the least that it may be, 0 for none
}

func (f *figure) add(value float64) { f.values = append(f.values, value) }

func (f figure) median() float64 {
	s := slices.Clone(f.values)
	slices.Sort(s)
	return s[len(s)/2]
}

// print writes the figure's line, and reports whether it keeps its budget.
func (f figure) print(w io.Writer) (kept bool) {
	kept = true
	verdict := ""
	if f.budget > 0 {
		verdict = fmt.Sprintf("budget %g %s", f.budget, f.unit)
		kept = f.median() <= f.budget
	}
	if f.least > 0 {
		verdict = fmt.Sprintf("budget at least %g %s", f.least, f.unit)
		kept = f.median() >= f.least
	}
	if !kept {
		verdict += "  MISSED"
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', f.digits, 64) }
	fmt.Fprintf(w, "%-60s %9s %-6s (%s to %s)  %s\n", f.name, number(f.median()), f.unit, number(slices.Min(f.values)), number(slices.Max(f.values)), verdict)
	return kept
}
