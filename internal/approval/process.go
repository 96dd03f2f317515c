package approval

import (
	"os"
	"path/filepath"
	"slices"
)

// maxParents bounds how far up the tree of processes is looked.
const maxParents = 32

// Self describes this process and its parents, as far as the operating system tells.
func Self() Process { return Inspect(os.Getpid()) }

// Inspect describes the process with that id and its parents.
func Inspect(pid int) Process {
	self, ok := stat(pid)
	if !ok {
		return Process{PID: pid}
	}
	p := Process{PID: pid, Start: self.start, Path: self.path}
	for next := self.parent; next > 1 && len(p.Ancestry) < maxParents; {
		up, ok := stat(next)
		if !ok {
			break
		}
		p.Parents = append(p.Parents, up.path)
		p.Ancestry = append(p.Ancestry, Ancestor{up.pid, up.start})
		if p.Client == (Ancestor{}) && !up.between() {
			p.Client = Ancestor{up.pid, up.start}
		}
		next = up.parent
	}
	return p
}

// status is what the operating system says of one process.
type status struct {
	pid, parent int
	start       string // as the system counts
	path        string // its executable
	leads       bool   // it leads the session of a terminal, as a person's shell does
}

// between reports whether the process is a shell that only ran a command for another program.
func (s status) between() bool {
	return !s.leads && slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env"}, filepath.Base(s.path))
}

// Alive reports whether the process still runs: one that has its id, but began at another time, is not it.
func Alive(p Process) bool {
	now, ok := stat(p.PID)
	return ok && (p.Start == "" || now.start == p.Start)
}

// DescendsFrom reports whether p was started, directly or not, by the process a.
func (p Process) DescendsFrom(a Ancestor) bool {
	for _, up := range p.Ancestry {
		if up == a {
			return true
		}
	}
	return false
}
