package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	trayPatience = 30 * time.Second // until an icon is there
	settled      = 15 * time.Second // after the start, until nothing is left to do
	idleFor      = 30 * time.Second
	idleRuns     = 3 // each takes long, and they lie close together
)

// desktops measures the desktop app, hidden in the tray, beside the least that such an app can be.
func desktops(binary, bare, dir string, runs int) ([]figure, error) {
	s, err := newSeat(dir)
	if err != nil {
		return nil, err
	}
	defer s.end()
	apps := []trayApp{
		{path: bare, bare: true, log: &bytes.Buffer{}},
		{path: binary, args: []string{"--hidden", "--demo", "--addr", "127.0.0.1:0"}, log: &bytes.Buffer{}},
	}
	first, err := trayStarts(s, apps, runs)
	if err != nil {
		return nil, err
	}
	then, err := trayIdles(s, apps, min(runs, idleRuns))
	return append(first, then...), err
}

// trayStarts measures by turns how long the apps take until their icon is in the tray.
func trayStarts(s *seat, apps []trayApp, runs int) ([]figure, error) {
	took := []figure{
		{name: "  a bare Fyne app", unit: "ms"},
		{name: "start of postern-desktop to its icon and menu in the tray", unit: "ms", budget: 1000},
	}
	for i := range runs + 1 {
		for k, a := range apps {
			began := time.Now()
			cmd, err := a.start(s)
			if err != nil {
				return nil, err
			}
			if i > 0 { // the first run makes the state and warms the disk
				took[k].add(ms(time.Since(began)))
			}
			if err := a.stop(cmd); err != nil {
				return nil, err
			}
		}
	}
	return []figure{took[1], took[0]}, nil
}

// trayIdles measures what the apps take while nothing happens, side by side.
func trayIdles(s *seat, apps []trayApp, runs int) ([]figure, error) {
	more := figure{name: "hidden, resident memory more than a bare Fyne app's", unit: "MiB", digits: 1, budget: 40}
	resident := figure{name: "  postern-desktop", unit: "MiB", digits: 1}
	bareResident := figure{name: "  the bare app", unit: "MiB", digits: 1}
	anonymous := figure{name: "  of that no file's: more than the bare app's", unit: "MiB", digits: 1}
	busier := figure{name: "hidden and idle, CPU more than a bare Fyne app's", unit: "%", digits: 2, budget: 0.5}
	busy := figure{name: "  postern-desktop", unit: "%", digits: 2}
	bareBusy := figure{name: "  the bare app", unit: "%", digits: 2}
	for range runs {
		used, err := idle(s, apps)
		if err != nil {
			return nil, err
		}
		bare, ours := used[0], used[1]
		more.add(ours.resident - bare.resident)
		resident.add(ours.resident)
		bareResident.add(bare.resident)
		anonymous.add(ours.anonymous - bare.anonymous)
		busier.add(ours.percent - bare.percent)
		busy.add(ours.percent)
		bareBusy.add(bare.percent)
	}
	return []figure{more, resident, bareResident, anonymous, busier, busy, bareBusy}, nil
}

// usage is what an app takes while it is idle.
type usage struct {
	memory
	percent float64 // of one core
}

// idle starts the apps and returns what each takes once it has settled.
func idle(s *seat, apps []trayApp) (used []usage, err error) {
	running := make([]*exec.Cmd, len(apps))
	used = make([]usage, len(apps))
	before := make([]time.Duration, len(apps))
	for i, a := range apps {
		if running[i], err = a.start(s); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, a.stop(running[i])) }()
	}
	time.Sleep(settled)
	began := time.Now()
	for i, cmd := range running {
		if before[i], err = cpu(cmd.Process.Pid); err != nil {
			return nil, err
		}
	}
	time.Sleep(idleFor)
	for i, cmd := range running {
		after, err := cpu(cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		used[i].percent = 100 * float64(after-before[i]) / float64(time.Since(began))
		if used[i].memory, err = memoryOf(cmd.Process.Pid); err != nil {
			return nil, err
		}
	}
	return used, nil
}

// trayApp is a program that has an icon in the tray.
type trayApp struct {
	path string
	args []string
	bare bool // it has nothing to put away
	log  *bytes.Buffer
}

// start starts it, and returns once its icon is there.
func (a trayApp) start(s *seat) (*exec.Cmd, error) {
	a.log.Reset()
	cmd := exec.Command(a.path, a.args...)
	cmd.Env, cmd.Stderr = s.env, a.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.tray.registered(trayPatience); err != nil {
		return nil, errors.Join(err, a.stop(cmd), errors.New(a.log.String()))
	}
	return cmd, nil
}

// stop ends it as a log-out does. Of the bare app Fyne does not always come back.
func (a trayApp) stop(cmd *exec.Cmd) error {
	if a.bare {
		err := cmd.Process.Kill()
		_ = cmd.Wait() // that it was killed is known
		return err
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("ending %s: %w\n%s", filepath.Base(a.path), err, a.log.String())
	}
	return nil
}
