package server

import (
	"context"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
	"postern/server/guard"
	"postern/server/peek"
)

// labelsScope is what the resource of a profile's labels needs, as the tool behind it does.
const labelsScope tool.Scope = "gmail:read"

// labelArgument is the argument of prompts and resources that is completed from the same labels.
const labelArgument = "label"

// Needs returns the Postern scopes that a message needs, so that a client without them can be told which.
func (s *Server) Needs(m peek.Message) []string {
	switch m.Method {
	case string(mcp.MethodToolsCall):
		for _, t := range s.Runner.All() {
			if t.Name == m.Name && t.Scope() != "" {
				return []string{string(t.Scope())}
			}
		}
	case string(mcp.MethodPromptsGet):
		for _, r := range recipes() {
			if r.name == m.Name {
				return []string{string(r.scope)}
			}
		}
	case string(mcp.MethodResourcesRead):
		if strings.HasSuffix(m.URI, "/labels") {
			return []string{string(labelsScope)}
		}
	}
	return nil
}

// offered keeps of the prompts those whose tools the client may use.
func (s *Server) offered(ctx context.Context, prompts []mcp.Prompt) []mcp.Prompt {
	c := s.client(ctx)
	if c.Scopes == nil {
		return prompts
	}
	return slices.DeleteFunc(slices.Clone(prompts), func(p mcp.Prompt) bool {
		return slices.ContainsFunc(recipes(), func(r recipe) bool { return r.name == p.Name && !c.Holds(r.scope) })
	})
}

// hooks do what mcp-go has no option for.
func (s *Server) hooks() *server.Hooks {
	h := &server.Hooks{}
	h.AddBeforeCallTool(markCall)
	h.AddAfterListResourceTemplates(func(ctx context.Context, _ any, _ *mcp.ListResourceTemplatesRequest, res *mcp.ListResourceTemplatesResult) {
		if c := s.client(ctx); !c.Holds(labelsScope) {
			res.ResourceTemplates = slices.DeleteFunc(slices.Clone(res.ResourceTemplates), func(t mcp.ResourceTemplate) bool {
				return t.URITemplate != nil && t.URITemplate.Raw() == labelsURI
			})
		}
	})
	h.AddBeforeComplete(func(ctx context.Context, _ any, req *mcp.CompleteRequest) {
		if c := s.client(ctx); req.Params.Argument.Name == labelArgument && !c.Holds(labelsScope) {
			req.Params.Argument.Name = "" // for which there is nothing, and Google is not asked
		}
	})
	return h
}

// remote is the client of a request over HTTP. One that cannot be known may do nothing.
func (s *Server) remote(ctx context.Context) tool.Client {
	nobody := tool.Client{Profiles: []string{}, Scopes: []tool.Scope{}}
	h, ok := guard.From(ctx)
	if !ok {
		return nobody
	}
	c, err := s.ClientOf(ctx, h)
	if err != nil {
		s.Log.Error("finding out what a client may do", "error", err)
		return nobody
	}
	return c
}
