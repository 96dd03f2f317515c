package main

import (
	"cmp"
	"time"
)

// starts measures what every start of stdio costs.
func starts(binary, dir string, runs int) ([]figure, error) {
	start := figure{name: "cold start of stdio to the answer of tools/list", unit: "ms", digits: 1, budget: 50}
	memory := figure{name: "resident memory then", unit: "MiB", digits: 1, budget: 30}
	size := figure{name: "tools/list", unit: "bytes"}
	tokens := figure{name: "tools/list, bytes/4", unit: "tokens", budget: 6000}
	for i := range runs + 1 {
		began := time.Now()
		s, err := startSession(binary, home(dir), "--demo")
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
		start.add(ms(took))
		memory.add(rss)
		size.add(float64(len(list)))
		tokens.add(float64(len(list)) / 4)
	}
	return []figure{start, memory, size, tokens}, nil
}

// home is the environment of a state of its own.
func home(dir string) []string { return []string{"POSTERN_HOME=" + dir + "/state", "HOME=" + dir} }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
