package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/PID/stat; Linux has no other.
const clockTick = 10 * time.Millisecond

// cpu is how long a process has run so far, on all cores together.
func cpu(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // the name before may hold anything
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is too short")
	}
	user, uerr := strconv.Atoi(fields[11])
	system, serr := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick, errors.Join(uerr, serr)
}

// memory is what a process has in memory: all of it, and the part that is no file's and so nobody else's.
type memory struct{ resident, anonymous float64 } // MiB

func memoryOf(pid int) (m memory, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		to := map[string]*float64{"Rss:": &m.resident, "Anonymous:": &m.anonymous}[fields[0]]
		if to == nil {
			continue
		}
		kb, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return m, err
		}
		*to = kb / 1024
	}
	if m.resident == 0 || m.anonymous == 0 {
		return m, errors.New("/proc/PID/smaps_rollup says nothing of memory")
	}
	return m, nil
}
