package approval

import (
	"fmt"
	"os"
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
	return status{pid: pid, parent: parent, start: fields[19], path: exe, leads: fields[3] == strconv.Itoa(pid) && fields[4] != "0"}, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
