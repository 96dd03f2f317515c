// Package clientconfig writes Postern into the configuration of the AI apps of this computer's user, and takes it out
// again. It touches its own entry and nothing else: comments, order and spaces stay as they were.
package clientconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Name is what the entry is called.
const Name = "postern"

// State is how Postern stands in the configuration of a client.
type State string

// The states.
const (
	Missing   State = "not installed" // the client is not on this computer, as far as can be seen
	Open      State = "not connected"
	Connected State = "connected"
	Differs   State = "connected otherwise" // there is an entry of that name that starts something else
	Broken    State = "unreadable"          // the file cannot be understood, and is left alone
)

// ErrDiffers is returned by Connect where an entry would have to be replaced.
var ErrDiffers = errors.New("it has another entry of that name")

// Client is one AI app and how Postern stands in its configuration.
type Client struct {
	ID, Name string
	File     string // its configuration, whether or not there is one
	State    State
	Problem  string // why the file cannot be used, if it is Broken
	Entry    string // what would be written
	Old      string // what is there, if it Differs
	Restart  bool   // it reads its configuration only when it starts

	format format
}

// format is how entries are kept in a file.
type format interface {
	// entry is what is written for a program, as it stands in a file of its own.
	entry(command string) string
	// find returns the entry as it is written, "" if there is none, and whether it starts the program.
	find(data []byte, command string) (old string, is bool, err error)
	// put returns the file with the entry, in place of one that is there.
	put(data []byte, command string) ([]byte, error)
	// drop returns the file without it.
	drop(data []byte) ([]byte, error)
}

// Computer is where the clients are. The zero value is this one, with its user.
type Computer struct {
	OS       string                       // runtime.GOOS
	Home     string                       // the user's
	Getenv   func(string) string          // os.Getenv
	LookPath func(string) (string, error) // exec.LookPath
	Command  string                       // the program to write; see Program, if it is ""
}

// Clients returns the clients that are known, with how they stand.
func (c Computer) Clients() ([]Client, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	var all []Client
	for _, k := range c.known() {
		all = append(all, c.look(k))
	}
	return all, nil
}

// Client returns the client of that id.
func (c Computer) Client(id string) (Client, error) {
	all, err := c.Clients()
	if err != nil {
		return Client{}, err
	}
	i := slices.IndexFunc(all, func(one Client) bool { return one.ID == id })
	if i < 0 {
		return Client{}, fmt.Errorf("there is no client %q that Postern can write to", id)
	}
	return all[i], nil
}

func (c Computer) look(k app) Client {
	out := Client{ID: k.id, Name: k.name, File: k.file, State: Open, Entry: k.format.entry(c.Command), Restart: k.restart, format: k.format}
	data, err := read(k.file)
	if errors.Is(err, os.ErrNotExist) {
		if !c.installed(k) {
			out.State = Missing
		}
		return out
	}
	if err == nil {
		var is bool
		out.Old, is, err = k.format.find(data, c.Command)
		switch {
		case is:
			out.State, out.Old = Connected, ""
		case out.Old != "":
			out.State = Differs
		case !c.installed(k):
			out.State = Missing
		}
	}
	if err != nil {
		out.State, out.Problem = Broken, err.Error()
	}
	return out
}

// installed reports whether a client is there: a folder or file that only it makes, or its program.
func (c Computer) installed(k app) bool {
	for _, dir := range k.folders {
		if _, err := os.Stat(dir); err == nil {
			return true
		}
	}
	if k.program == "" {
		return false
	}
	_, err := c.LookPath(k.program)
	return err == nil
}

// Connect writes the entry. It returns ErrDiffers instead of replacing another of that name, unless replace is set. backup
// is where the file lies as it was before; "" if there was none, or if nothing had to be done.
func (c Computer) Connect(id string, replace bool) (backup string, err error) {
	if c, err = c.filled(); err != nil {
		return "", err
	}
	one, err := c.Client(id)
	switch {
	case err != nil:
		return "", err
	case one.State == Missing:
		return "", fmt.Errorf("%s is not on this computer: install it first", one.Name)
	case one.State == Connected:
		return "", nil
	case one.State == Differs && !replace:
		return "", fmt.Errorf("%s: %w", one.Name, ErrDiffers)
	case one.State == Broken:
		return "", fmt.Errorf("%s: %s", one.Name, one.Problem)
	}
	backup, err = change(one.File, func(data []byte) ([]byte, error) { return one.format.put(data, c.Command) })
	if err != nil {
		return "", fmt.Errorf("connecting %s: %w", one.Name, err)
	}
	return backup, nil
}

// Remove takes the entry out, whatever it starts. It is no error if there is none.
func (c Computer) Remove(id string) (backup string, err error) {
	one, err := c.Client(id)
	switch {
	case err != nil:
		return "", err
	case one.State == Broken:
		return "", fmt.Errorf("%s: %s", one.Name, one.Problem)
	case one.State != Connected && one.State != Differs:
		return "", nil
	}
	if backup, err = change(one.File, one.format.drop); err != nil {
		return "", fmt.Errorf("taking Postern out of %s: %w", one.Name, err)
	}
	return backup, nil
}

// Program is the command postern, for a program beside it: the one that runs, if it is that; else the one in the same
// folder, else the one on PATH.
func (c Computer) Program() (string, error) {
	c, err := c.seams()
	if err != nil {
		return "", err
	}
	name := Name
	if c.OS == "windows" {
		name += ".exe"
	}
	// An AppImage runs from a folder that is gone when it ends.
	if self, err := os.Executable(); err == nil && c.Getenv("APPIMAGE") == "" {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	found, err := c.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the command postern is neither beside this program nor on PATH: install it, or put its folder on PATH")
	}
	return filepath.Abs(found)
}
