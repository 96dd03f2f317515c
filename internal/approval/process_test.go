package approval

import "testing"

func TestClientIsWhatStartedAProcess(t *testing.T) {
	const claude, node, bash, code = "/opt/claude", "/usr/bin/node", "/usr/bin/bash", "/usr/share/code/code"
	shell := func(pid int) status { return status{pid: pid, path: bash} }
	terminal := func(pid int) status { return status{pid: pid, path: bash, leads: true} }
	program := func(pid int, path string) status { return status{pid: pid, path: path} }
	for _, c := range []struct {
		name string
		line []status // nearest first
		want int
	}{
		{"started directly", []status{program(9, claude), terminal(8), program(7, "/usr/bin/xterm")}, 9},
		{"started through a shell", []status{shell(9), program(8, claude), terminal(7)}, 8},
		{"a program in several processes", []status{program(9, code), program(8, code), program(7, "/usr/bin/gnome-shell")}, 8},
		{"several, with a shell between", []status{program(9, node), shell(8), program(7, node), terminal(6), program(5, node)}, 7},
		{"typed in a terminal", []status{terminal(9), program(8, "/usr/bin/xterm")}, 9},
		{"a terminal in a terminal", []status{terminal(9), terminal(8)}, 9},
		{"a service", []status{program(9, "/usr/lib/systemd/systemd")}, 0},
		{"a program of the session", []status{program(9, claude), program(8, "/usr/lib/systemd/systemd")}, 9},
		{"only shells", []status{shell(9), shell(8)}, 0},
		{"programs that are not known", []status{program(9, ""), program(8, "")}, 9},
		{"nothing", nil, 0},
	} {
		if got := client(c.line); got.PID != c.want {
			t.Errorf("%s: %d, want %d", c.name, got.PID, c.want)
		}
	}
}

// TestCallerIsTheProgramThatConnects, or what it connects for, and never what starts the owner's terminals.
func TestCallerIsTheProgramThatConnects(t *testing.T) {
	const claude, node, curl, python, bash, code = "/opt/claude", "/usr/bin/node", "/usr/bin/curl", "/usr/bin/python3.13", "/usr/bin/bash", "/usr/share/code/code"
	shell := func(pid int) status { return status{pid: pid, path: bash} }
	terminal := func(pid int) status { return status{pid: pid, path: bash, leads: true} }
	running := func(pid int, path string) status { return status{pid: pid, path: path} }
	leads := func(pid int, path string) status { return status{pid: pid, path: path, leads: true} }
	gnome, systemd := running(2, "/usr/bin/gnome-shell"), running(1, "/usr/lib/systemd/systemd")
	for _, c := range []struct {
		name string
		line []status // that which connects, and its parents, nearest first
		want int
	}{
		{"a program of the desktop", []status{running(9, claude), gnome, systemd}, 9},
		{"one in several processes", []status{running(9, claude), running(8, claude), gnome, systemd}, 8},
		{"a script's, of the desktop", []status{running(9, node), gnome, systemd}, 9},
		{"a script's, as a service", []status{running(9, python), systemd}, 9},
		{"typed in a terminal", []status{running(9, claude), terminal(8), running(7, "/usr/bin/xterm")}, 9},
		{"a script's, typed in a terminal", []status{running(9, node), terminal(8), running(7, "/usr/bin/tmux")}, 9},
		{"a terminal's only program", []status{leads(9, node), running(8, "/usr/libexec/gnome-terminal-server"), systemd}, 9},
		{"through mcp-remote", []status{running(9, node), shell(8), running(7, node), running(6, claude), running(5, claude), gnome}, 5},
		{"by curl from an assistant's shell", []status{running(9, curl), shell(8), running(7, node), terminal(6)}, 7},
		{"by a script of an assistant in a terminal of its own", []status{running(9, python), shell(8), leads(7, claude), terminal(6)}, 7},
		{"by curl, typed", []status{running(9, curl), terminal(8), running(7, code)}, 9},
		{"by an editor", []status{running(9, code), running(8, code), gnome}, 8},
		{"from a window of tmux", []status{running(9, curl), running(8, "/usr/bin/tmux"), systemd}, 9},
		{"by a program that is not known", []status{running(9, ""), running(8, "")}, 9},
	} {
		if got := program(c.line); got.PID != c.want {
			t.Errorf("%s: %d, want %d", c.name, got.PID, c.want)
		}
	}
}

func TestAProcessOfASandboxCountsAsRunning(t *testing.T) {
	if !Alive(Process{PID: 1 << 30, Space: "pid:[1]"}) {
		t.Error("what cannot be looked at is taken for ended")
	}
	here := Self()
	here.PID = 1 << 30
	if Alive(here) {
		t.Error("a process that does not exist counts as running")
	}
}
