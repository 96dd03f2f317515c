package cli

import (
	"context"
	"strings"

	"postern/internal/bridge"
	"postern/server/oauth"
)

// namesakes is the clients by what they call themselves: the ids, with "" for a program that does not come over HTTP.
type namesakes map[string]map[string]bool

// known returns the clients that are registered.
func known(ctx context.Context, b *bridge.Bridge) (namesakes, error) {
	all, err := b.Store.Clients(ctx)
	n := namesakes{}
	for _, c := range all {
		n.add(c.Name, c.ID)
	}
	return n, err
}

func (n namesakes) add(name, id string) {
	if n[name] == nil {
		n[name] = map[string]bool{}
	}
	n[name][id] = true
}

// How many letters a client has in a table, and how many of them tell it from another of its name.
const (
	nameWidth = 14
	tagWidth  = 5
)

// cell is what a client calls itself and, if another does so too, how its id begins: "postern log --client" takes that.
func (n namesakes) cell(name, id string) string {
	tag := strings.TrimPrefix(strings.TrimPrefix(id, oauth.IDPrefix), "https://")
	if len(n[name]) < 2 || tag == "" {
		return clip(line(name), nameWidth)
	}
	return clip(line(name), nameWidth-tagWidth-1) + " " + line(tag[:min(tagWidth, len(tag))])
}
