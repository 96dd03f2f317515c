//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// process is a running process of the binary's, or one that it has started.
type process struct {
	pid  int
	args string
}

// running returns the processes of a desktop that run the binary, and those that they have started.
func (d *desktop) running() (found []process) {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil { // the pattern is fixed
		return nil
	}
	parents := map[string]string{}
	ours := map[string]bool{}
	for _, dir := range all { // what cannot be read has ended
		exe, _ := os.Readlink(filepath.Join(dir, "exe"))
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		ours[filepath.Base(dir)] = exe == binary && slices.Contains(strings.Split(string(env), "\x00"), "POSTERN_HOME="+d.dir)
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); len(fields) > 1 {
			parents[filepath.Base(dir)] = fields[1]
		}
	}
	for _, dir := range all {
		name := filepath.Base(dir)
		if !ours[name] && !ours[parents[name]] {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		pid, _ := strconv.Atoi(name)
		found = append(found, process{pid, strings.ReplaceAll(string(args), "\x00", " ")})
	}
	return found
}

// look notes the arguments of the processes that run now.
func (d *desktop) look() {
	for _, p := range d.running() {
		d.record.argument(p.args)
	}
}
