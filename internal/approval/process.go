package approval

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	p := Process{PID: pid, Start: self.start, Path: self.path, Space: self.space}
	line := parents(self)
	for _, up := range line {
		p.Parents = append(p.Parents, up.path)
		p.Ancestry = append(p.Ancestry, Ancestor{up.pid, up.start})
	}
	p.Client = client(line)
	return p
}

// parents returns what is above a process, nearest first.
func parents(of status) []status {
	var line []status
	for next := of.parent; next > 1 && len(line) < maxParents; {
		up, ok := stat(next)
		if !ok {
			break
		}
		line = append(line, up)
		next = up.parent
	}
	return line
}

// client finds in the line of parents the program that started a process: the nearest that is no shell in between, and
// of a program in several processes the topmost, since another of them may run the shell that an assistant has.
func client(line []status) Ancestor {
	var found status
	for _, up := range line {
		switch {
		case up.starter():
			return Ancestor{found.pid, found.start}
		case up.between():
			continue
		case found.pid == 0:
			found = up
		case found.leads || found.path == "" || up.path != found.path:
			return Ancestor{found.pid, found.start}
		default:
			found = up
		}
	}
	return Ancestor{found.pid, found.start}
}

// Caller describes the program that has connected by the process with that id: the process itself, or what it speaks
// for. ok is false if the process has ended.
func Caller(pid int) (p Process, ok bool) {
	self, ok := stat(pid)
	if !ok {
		return Process{}, false
	}
	of := program(append([]status{self}, parents(self)...))
	p = Inspect(of.PID)
	p.Client = of
	return p, true
}

// program finds in a line that begins with a process which connects by itself the program that this is: the topmost of
// several of its processes, and of one that only speaks for others, such as curl, what has started it. What a person or
// a desktop starts programs with is none: from there the owner's own terminals come, too.
func program(line []status) Ancestor {
	var found status
	for _, up := range line {
		switch {
		case found.pid == 0:
			found = up
		case found.leads || up.starter() || up.desktop() || up.leads && up.shell():
			return Ancestor{found.pid, found.start}
		case up.shell():
			continue
		case found.helper() || found.path != "" && up.path == found.path:
			found = up
		default:
			return Ancestor{found.pid, found.start}
		}
	}
	return Ancestor{found.pid, found.start}
}

// status is what the operating system says of one process.
type status struct {
	pid, parent int
	start       string // as the system counts
	path        string // its executable
	space       string // whose process ids these are: a sandbox may have its own
	leads       bool   // it leads the session of a terminal, as a person's shell does
}

// between reports whether the process is a shell that only ran a command for another program.
func (s status) between() bool { return !s.leads && s.shell() }

func (s status) shell() bool {
	return slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env"}, filepath.Base(s.path))
}

// helper reports whether the process, if another program has started it, connects for that one: what fetches addresses,
// and what runs scripts such as mcp-remote.
func (s status) helper() bool {
	name := strings.TrimRight(filepath.Base(s.path), "0123456789.") // python3.13
	return slices.Contains([]string{"curl", "wget", "nc", "ncat", "socat", "node", "nodejs", "npm", "bun", "deno", "python", "uv", "uvx", "ruby", "perl", "php"}, name)
}

// desktop reports whether the process starts what a person uses at a desktop, or in the windows of a terminal.
func (s status) desktop() bool {
	name := strings.ToLower(filepath.Base(s.path))
	return slices.Contains(desktops, name) || slices.ContainsFunc(desktopParts, func(p string) bool { return strings.HasPrefix(name, p) })
}

// What desktop knows. A program that is missing here matters only if it starts a helper that connects.
var (
	desktops = []string{
		"krunner", "konsole", "xfdesktop", "lxsession", "lxpanel", "sway", "hyprland", "i3", "openbox", "fluxbox", "awesome", "bspwm", "dwm", "labwc", "niri", "river", "wayfire",
		"weston", "mutter", "rofi", "wofi", "fuzzel", "dmenu", "xinit", "xorg", "xwayland",
		"xterm", "rxvt", "urxvt", "kitty", "alacritty", "foot", "ghostty", "tilix", "tmux", "screen", "zellij", "sshd", "sshd-session", "login", "su", "sudo", "doas",
	}
	desktopParts = []string{"gnome-", "plasma", "kwin", "ksmserver", "kded", "xfce4-", "xfwm", "mate-", "cinnamon", "lxqt-", "budgie-", "cosmic-", "wezterm", "gdm", "sddm", "lightdm", "dbus-"}
)

// starter reports whether the process starts all that a person uses, so that to descend from it means nothing.
func (s status) starter() bool {
	return slices.Contains([]string{"systemd", "init", "launchd"}, filepath.Base(s.path))
}

// Alive reports whether the process still runs: one that has its id, but began at another time, is not it. One whose id
// means nothing here, because it is in a sandbox, counts as running.
func Alive(p Process) bool {
	if here, ok := stat(os.Getpid()); ok && p.Space != "" && p.Space != here.space {
		return true
	}
	now, ok := stat(p.PID)
	return ok && (p.Start == "" || now.start == p.Start)
}

// DescendsFrom reports whether p was started, directly or not, by the process a.
func (p Process) DescendsFrom(a Ancestor) bool { return slices.Contains(p.Ancestry, a) }
