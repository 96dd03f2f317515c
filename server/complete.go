package server

import (
	"context"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"postern/internal/tool"
)

// maxCompletions is the most values of one answer, as the protocol has it.
const maxCompletions = 100

// completer completes the arguments profile and label.
type completer struct{ s *Server }

// CompletePromptArgument completes an argument of a prompt.
func (c completer) CompletePromptArgument(ctx context.Context, _ string, a mcp.CompleteArgument, known mcp.CompleteContext) (*mcp.Completion, error) {
	return c.complete(ctx, a, known.Arguments["profile"])
}

// CompleteResourceArgument completes a variable of a resource's address.
func (c completer) CompleteResourceArgument(ctx context.Context, _ string, a mcp.CompleteArgument, known mcp.CompleteContext) (*mcp.Completion, error) {
	return c.complete(ctx, a, known.Arguments["profile"])
}

func (c completer) complete(ctx context.Context, a mcp.CompleteArgument, profile string) (*mcp.Completion, error) {
	profiles, err := c.s.Runner.VisibleProfiles(ctx, c.s.client(ctx))
	if err != nil {
		return nil, err
	}
	var all []string
	switch a.Name {
	case "profile":
		for _, p := range profiles {
			all = append(all, p.Name)
		}
	case "label":
		if p, ok := pick(profiles, profile); ok && c.s.Labels != nil {
			if all, err = c.s.Labels(ctx, p.ID); err != nil {
				c.s.Log.Debug("completing a label", "error", err)
				all = nil // no completion is no failure
			}
		}
	}
	return matching(all, a.Value), nil
}

func pick(profiles []tool.Profile, name string) (tool.Profile, bool) {
	for _, p := range profiles {
		if strings.EqualFold(p.Name, name) || strings.EqualFold(p.Email, name) || name == "" && len(profiles) == 1 {
			return p, true
		}
	}
	return tool.Profile{}, false
}

// matching keeps the values that begin with what was typed, then those that hold it.
func matching(all []string, typed string) *mcp.Completion {
	typed = strings.ToLower(typed)
	first, then := []string{}, []string{}
	for _, v := range all {
		switch v = tool.CleanLine(v); {
		case strings.HasPrefix(strings.ToLower(v), typed):
			first = append(first, v)
		case strings.Contains(strings.ToLower(v), typed):
			then = append(then, v)
		}
	}
	found := append(first, then...)
	return &mcp.Completion{Values: found[:min(len(found), maxCompletions)], Total: len(found), HasMore: len(found) > maxCompletions}
}
