package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	state "postern/internal/bridge"
)

const (
	idleSessions = 1000
	// perGrant is how many sessions a client opens; Postern keeps 256 for each grant.
	perGrant          = 250
	registeredClients = 10_000
)

// holds measures what a bridge keeps in memory when there is a lot to keep.
func holds(binary, dir string, runs int) ([]figure, error) {
	idle := figure{name: "resident memory of serve, one client let in", unit: "MiB", digits: 1}
	sessions := figure{name: fmt.Sprintf("  and %d idle sessions of before 2026-07-28", idleSessions), unit: "MiB", digits: 1}
	clients := figure{name: fmt.Sprintf("  instead with %d registered clients", registeredClients), unit: "MiB", digits: 1}
	for range min(runs, 3) { // each takes seconds, and they lie close together
		err := with(binary, dir+"/sessions", func(b *bridge, _ *grant) error {
			rss, err := residentMiB(b.cmd.Process.Pid)
			if err != nil {
				return err
			}
			idle.add(rss)
			for opened := 0; opened < idleSessions; opened += perGrant {
				g, err := b.letIn()
				if err != nil {
					return err
				}
				for range perGrant {
					if err := b.begin(http.DefaultClient, g.token.AccessToken); err != nil {
						return err
					}
				}
			}
			rss, err = residentMiB(b.cmd.Process.Pid)
			sessions.add(rss)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("holding sessions: %w", err)
		}
		if err := register(dir+"/clients", registeredClients); err != nil {
			return nil, err
		}
		err = with(binary, dir+"/clients", func(b *bridge, _ *grant) error {
			rss, err := residentMiB(b.cmd.Process.Pid)
			clients.add(rss)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("holding clients: %w", err)
		}
	}
	return []figure{idle, sessions, clients}, nil
}

// register puts clients into the state, as "postern clients add" does.
func register(dir string, many int) (err error) {
	env := home(dir)
	ctx := context.Background()
	b, err := state.Open(ctx, state.Config{Getenv: func(name string) string {
		for _, v := range env {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}})
	if err != nil {
		return err
	}
	defer b.Close()
	for i := range many {
		if _, err := b.AddClient(ctx, fmt.Sprint("client ", i), []string{"http://127.0.0.1/callback"}, false); err != nil {
			return err
		}
	}
	return nil
}
