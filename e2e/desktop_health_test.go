//go:build e2e && soak

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// health is what the app holds, once a second.
type health struct{ resident, files, threads []int } // MiB; open files; threads

// watch looks after the app while it is troubled, and fails the test as soon as it has gone or its menu is not answered.
func (a *app) watch(lasts time.Duration) *health {
	a.t.Helper()
	h := &health{}
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(time.Second) {
		a.holds(h)
		answered := make(chan error, 1)
		go func() { _, err := a.tray.menu(a.cmd.Process.Pid); answered <- err }()
		select {
		case err := <-answered:
			if err != nil {
				a.t.Fatalf("after %d s the menu cannot be read: %v", len(h.resident), err)
			}
		case <-time.After(patience):
			a.t.Fatalf("after %d s the menu is not answered any more", len(h.resident))
		}
	}
	return h
}

// holds adds to h what the app holds now.
func (a *app) holds(h *health) {
	a.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", a.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		a.t.Fatalf("it has gone: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "VmRSS:"):
			kb, _ := strconv.Atoi(fields[1]) // the kernel wrote it
			h.resident = append(h.resident, kb>>10)
		case strings.HasPrefix(line, "Threads:"):
			n, _ := strconv.Atoi(fields[1])
			h.threads = append(h.threads, n)
		}
	}
	open, err := filepath.Glob(proc + "fd/*")
	if err != nil || len(open) == 0 || len(h.resident) != len(h.threads) {
		a.t.Fatalf("its files cannot be counted: it may have ended just now (%v)", err)
	}
	h.files = append(h.files, len(open))
}

// ends are the medians after the warming and at the end, a quarter of the time each.
func ends(all []int) (warm, end int) {
	part := max(len(all)/4, 1)
	return median(all[part : 2*part]), median(all[len(all)-part:])
}

func median(all []int) int {
	s := slices.Clone(all)
	slices.Sort(s)
	return s[len(s)/2]
}

// log says what was held.
func (h *health) log(t *testing.T) {
	t.Helper()
	say := func(what string, all []int) {
		warm, end := ends(all)
		t.Logf("%s: %d at first, %d when warm, %d at the end, %d at most", what, all[0], warm, end, slices.Max(all))
	}
	say("resident MiB", h.resident)
	say("open files", h.files)
	say("threads", h.threads)
}

// flat fails the test if more and more is held.
func (h *health) flat(t *testing.T) {
	t.Helper()
	if warm, end := ends(h.resident); end > warm+mayGrow {
		t.Errorf("memory grows from %d to %d MiB: %v", warm, end, h.resident)
	}
	if warm, end := ends(h.files); end > warm+10 {
		t.Errorf("open files grow from %d to %d: %v", warm, end, h.files)
	}
	if warm, end := ends(h.threads); end > warm+10 {
		t.Errorf("threads grow from %d to %d: %v", warm, end, h.threads)
	}
}
