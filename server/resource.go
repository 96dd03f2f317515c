package server

import (
	"context"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
)

// The resources are what two tools say, under an address: they go through the Runner like a call.
const (
	profilesURI = "postern://profiles"
	labelsURI   = "postern://{profile}/labels"
)

func (s *Server) addResources(m *server.MCPServer) {
	m.AddResource(mcp.NewResource(profilesURI, "profiles", mcp.WithResourceDescription("The Google profiles this client may use."), mcp.WithMIMEType("text/markdown")),
		func(ctx context.Context, req mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return s.read(ctx, req.Params.URI, "profiles_list", nil)
		})
	m.AddResourceTemplate(mcp.NewResourceTemplate(labelsURI, "labels", mcp.WithTemplateDescription("The Gmail labels of a profile, with their numbers of mails."), mcp.WithTemplateMIMEType("text/markdown")),
		func(ctx context.Context, req mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			name := strings.TrimSuffix(strings.TrimPrefix(req.Params.URI, "postern://"), "/labels")
			if values, ok := req.Params.Arguments["profile"].([]string); ok && len(values) == 1 {
				name = values[0]
			}
			return s.read(ctx, req.Params.URI, "gmail_list_labels", encode(map[string]string{"profile": name}))
		})
}

// read answers with the text of a tool.
func (s *Server) read(ctx context.Context, uri, name string, args []byte) ([]mcp.ResourceContents, error) {
	out := s.Runner.Call(ctx, tool.Invocation{Client: s.client(ctx), Tool: name, Args: args})
	if out.Err != nil {
		return nil, resourceError(ctx, uri, out.Err)
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: uri, MIMEType: "text/markdown", Text: out.Text}}, nil
}
