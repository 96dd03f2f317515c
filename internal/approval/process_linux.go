package approval

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// stat reads what /proc says of a process, see proc_pid_stat(5).
func stat(pid int) (status, bool) {
	if pid <= 0 {
		return status{}, false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, false
	}
	// The name stands in parentheses and may hold anything, so what follows the last one is looked at. There the state
	// is field 0, the parent 1, the session 3, the terminal 4 and the start time, in clock ticks after boot, 19.
	_, rest, found := cutLast(string(b), ")")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return status{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return status{}, false
	}
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil { // of another user
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)) // "" if it has just ended
		exe = strings.TrimSpace(string(name))
	}
	space, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)) // "" for a process of another user
	return status{
		pid: pid, parent: parent, start: fields[19], path: exe, space: space,
		leads: fields[3] == strconv.Itoa(pid) && fields[4] != "0",
	}, true
}

// Serving returns the processes that serve a client over stdio ("postern stdio") on the database file, other than this
// one: what started them are the clients that are connected now.
func Serving(file string) []Process {
	want, err := os.Stat(file)
	if err != nil {
		return nil
	}
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil { // the pattern is fixed
		return nil
	}
	var found []Process
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		args, err := os.ReadFile(name)
		if err != nil || !slices.Contains(strings.Split(string(args), "\x00"), "stdio") || !holds(pid, want) {
			continue
		}
		found = append(found, Inspect(pid))
	}
	return found
}

// holds reports whether a process has the file open, under whatever name. It knows nothing of other users' processes.
func holds(pid int, file os.FileInfo) bool {
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return err == nil && slices.ContainsFunc(open, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && os.SameFile(info, file)
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
