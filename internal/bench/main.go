// Command bench measures a built postern as its users meet it, prints medians, and fails if one is over its budget.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// figure is one measurement with its budget.
type figure struct {
	name   string
	unit   string
	values []float64
	budget float64 // 0 for none
}

func main() {
	binary := flag.String("binary", "bin/postern", "the postern to measure")
	runs := flag.Int("runs", 9, "how often, at least 7")
	flag.Parse()
	figures, err := measure(*binary, max(*runs, 7))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	fmt.Printf("medians of %d runs on %d cores, %s/%s\n", max(*runs, 7), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	over := 0
	for _, f := range figures {
		m := median(f.values)
		verdict := ""
		if f.budget > 0 {
			verdict = fmt.Sprintf("budget %g %s", f.budget, f.unit)
			if m > f.budget {
				verdict += "  OVER"
				over++
			}
		}
		fmt.Printf("%-52s %9.1f %-6s (%.1f to %.1f)  %s\n", f.name, m, f.unit, slices.Min(f.values), slices.Max(f.values), verdict)
	}
	if over > 0 {
		os.Exit(1)
	}
}

func median(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return s[len(s)/2]
}

// measure takes all figures.
func measure(binary string, runs int) ([]figure, error) {
	start := figure{name: "cold start of stdio to the answer of tools/list", unit: "ms", budget: 50}
	memory := figure{name: "resident memory then", unit: "MiB", budget: 30}
	size := figure{name: "tools/list", unit: "bytes"}
	tokens := figure{name: "tools/list, bytes/4", unit: "tokens", budget: 6000}
	search := figure{name: "gmail_search, 25 rows, 40 ms added to each answer", unit: "ms", budget: 120}
	dir, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	env := []string{"POSTERN_HOME=" + dir + "/state", "HOME=" + dir}
	for i := range runs + 1 {
		began := time.Now()
		s, err := startSession(binary, env, "--demo")
		if err != nil {
			return nil, err
		}
		list, err := s.request("tools/list", map[string]any{})
		took := time.Since(began)
		if err != nil {
			return nil, err
		}
		rss, err := residentMiB(s.cmd.Process.Pid)
		if err := cmp.Or(err, s.end()); err != nil {
			return nil, err
		}
		if i == 0 { // the first run makes the state and warms the disk
			continue
		}
		start.values = append(start.values, float64(took.Microseconds())/1000)
		memory.values = append(memory.values, rss)
		size.values = append(size.values, float64(len(list)))
		tokens.values = append(tokens.values, float64(len(list))/4)
	}
	if search.values, err = searches(binary, dir, runs); err != nil {
		return nil, fmt.Errorf("measuring gmail_search: %w", err)
	}
	return []figure{start, memory, size, tokens, search}, nil
}
