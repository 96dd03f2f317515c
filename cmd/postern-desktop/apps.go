//go:build cgo

package main

import (
	"context"

	"postern/internal/clientconfig"
	"postern/internal/desk"
)

// apps are the AI apps on this computer, for the window.
type apps struct{ clientconfig.Computer }

// Apps returns those that are installed.
func (a apps) Apps(context.Context) ([]desk.App, error) {
	all, err := a.Clients()
	var out []desk.App
	for _, one := range all {
		if one.State != clientconfig.Missing {
			out = append(out, desk.App{ID: one.ID, Name: one.Name, File: one.File, Connected: one.State == clientconfig.Connected, Entry: one.Entry, Old: one.Old, Problem: one.Problem, Restart: one.Restart})
		}
	}
	return out, err
}

// ConnectApp writes Postern into the configuration of one.
func (a apps) ConnectApp(_ context.Context, id string, replace bool) error {
	_, err := a.Connect(id, replace)
	return err
}

// DisconnectApp takes it out again.
func (a apps) DisconnectApp(_ context.Context, id string) error {
	_, err := a.Remove(id)
	return err
}

// command is how the command line is called, for the clients that start it; "" if it is not found.
func command() string {
	path, err := clientconfig.Computer{}.Program()
	if err != nil {
		return ""
	}
	return path
}
