// Command bench measures a built postern as its users meet it, prints medians, and fails if one misses its budget.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

func main() {
	binary := flag.String("binary", "bin/postern", "the postern to measure")
	fixture := flag.String("fixture", "bin/postern-fixture", "the same, built with the tag conformance: it has a tool that does nothing")
	desktop := flag.String("desktop", "bin/postern-desktop", "the postern-desktop to measure")
	bareTray := flag.String("baretray", "bin/baretray", "the app that it is compared with")
	runs := flag.Int("runs", 9, "how often, at least 7")
	only := flag.String("only", "", "measure this alone: start, search, load, refresh, hold, tunnel or desktop")
	serveBare := flag.Bool(bareFlag, false, "be the server that postern is compared with")
	flag.Parse()
	if *serveBare {
		fail(bare())
	}
	*runs = max(*runs, 7)
	dir, err := os.MkdirTemp("", "postern-bench-")
	fail(err)
	defer os.RemoveAll(dir)
	fmt.Printf("medians of %d runs on %d cores, %s/%s\n", *runs, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	missed := false
	besideBare := func(binary, dir string, runs int) ([]figure, error) { return desktops(binary, *bareTray, dir, runs) }
	for _, m := range []struct {
		name    string
		measure func(binary, dir string, runs int) ([]figure, error)
		binary  string
	}{{"start", starts, *binary}, {"search", searches, *binary}, {"load", loads, *fixture}, {"refresh", refreshes, *binary}, {"hold", holds, *binary}, {"tunnel", tunnels, *binary}, {"desktop", besideBare, *desktop}} {
		if *only != "" && m.name != *only {
			continue
		}
		figures, err := m.measure(m.binary, filepath.Join(dir, m.name), *runs)
		fail(err)
		for _, f := range figures {
			missed = !f.print(os.Stdout) || missed
		}
	}
	if missed {
		fail(fmt.Errorf("a budget is missed"))
	}
}

// fail ends the program if there is an error.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
