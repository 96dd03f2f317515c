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
