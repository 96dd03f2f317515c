//go:build conformance

package server

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// What the scenarios of @modelcontextprotocol/conformance call, under the names that they fix. It goes the product's way:
// the guard, the HTTP server, notifications, questions and states are those of every tool.

// A picture of one red pixel, and a sound without a sample.
const (
	pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
	sound = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
)

func fixtureOptions() []server.ServerOption {
	return []server.ServerOption{server.WithLogging(), server.WithResourceCapabilities(true, false)}
}

// fixture reports whether a tool is one of the suite's, which is shown to every client.
func fixture(name string) bool {
	return strings.HasPrefix(name, "test_") || name == "json_schema_2020_12_tool"
}

func (s *Server) addFixtures(m *server.MCPServer) {
	tool := func(name string, h server.ToolHandlerFunc, options ...mcp.ToolOption) {
		m.AddTool(mcp.NewTool(name, append([]mcp.ToolOption{mcp.WithDescription("For the conformance suite.")}, options...)...), h)
	}
	content := func(all ...mcp.Content) server.ToolHandlerFunc {
		return func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{Content: all}, nil
		}
	}
	tool("test_simple_text", content(mcp.NewTextContent("This is a simple text response for testing.")))
	tool("test_image_content", content(mcp.NewImageContent(pixel, "image/png")))
	tool("test_audio_content", content(mcp.NewAudioContent(sound, "audio/wav")))
	tool("test_embedded_resource", content(mcp.NewEmbeddedResource(mcp.TextResourceContents{
		URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content."})))
	tool("test_multiple_content_types", content(mcp.NewTextContent("Multiple content types test:"), mcp.NewImageContent(pixel, "image/png"),
		mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`})))
	tool("test_error_handling", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultError("This tool intentionally returns an error for testing"), nil
	})
	tool("test_tool_with_logging", func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for _, text := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
			logs(ctx, req, text)
			time.Sleep(50 * time.Millisecond) // as the scenario has it
		}
		return mcp.NewToolResultText("logged three times"), nil
	})
	tool("test_logging_tool", func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		logs(ctx, req, "at work")
		return mcp.NewToolResultText("logged if that was wanted"), nil
	})
	tool("test_tool_with_progress", func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		report, end := progress(req, wayOf(ctx))
		defer end()
		for _, done := range []int{0, 50, 100} {
			if report != nil {
				report(done, 100, "")
			}
			time.Sleep(progressEvery + 10*time.Millisecond) // more often nothing is said
		}
		return mcp.NewToolResultText("done"), nil
	})
	tool("test_trigger_tool_change", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		m.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
		return mcp.NewToolResultText("told"), nil
	})
	tool("test_missing_capability", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if capabilities(ctx).Sampling == nil {
			return nil, about(coded(mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, "this tool needs sampling"), map[string]any{"requiredCapabilities": map[string]any{"sampling": map[string]any{}}})
		}
		return mcp.NewToolResultText("the client can sample"), nil
	})
	m.AddTool(mcp.NewToolWithRawSchema("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features", []byte(schema2020)), content(mcp.NewTextContent("well formed")))
	s.addQuestions(tool)
	addFixedResources(m)
	s.addFixedPrompts(m)
}

// logs sends a log message, to a client since 2026-07-28 only if its request wants one.
func logs(ctx context.Context, req mcp.CallToolRequest, text string) {
	if mcp.IsModernProtocol(server.RequestProtocolVersion(ctx)) && (req.Params.Meta == nil || req.Params.Meta.AdditionalFields["io.modelcontextprotocol/logLevel"] == nil) {
		return
	}
	wayOf(ctx).notify("notifications/message", map[string]any{"level": "info", "data": text})
}

// capabilities are those that the client states in the request.
func capabilities(ctx context.Context) mcp.ClientCapabilities {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.ClientCapabilities != nil {
		return *info.ClientCapabilities
	}
	return mcp.ClientCapabilities{}
}

func addFixedResources(m *server.MCPServer) {
	text := func(uri, kind, text string) []mcp.ResourceContents {
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: uri, MIMEType: kind, Text: text}}
	}
	for uri, contents := range map[string]mcp.ResourceContents{
		"test://static-text":      mcp.TextResourceContents{URI: "test://static-text", MIMEType: "text/plain", Text: "This is the content of the static text resource."},
		"test://static-binary":    mcp.BlobResourceContents{URI: "test://static-binary", MIMEType: "image/png", Blob: pixel},
		"test://watched-resource": mcp.TextResourceContents{URI: "test://watched-resource", MIMEType: "text/plain", Text: "Watched."},
	} {
		m.AddResource(mcp.NewResource(uri, strings.TrimPrefix(uri, "test://"), mcp.WithResourceDescription("For the conformance suite.")),
			func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return []mcp.ResourceContents{contents}, nil
			})
	}
	m.AddResourceTemplate(mcp.NewResourceTemplate("test://template/{id}/data", "template", mcp.WithTemplateDescription("For the conformance suite.")),
		func(_ context.Context, req mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id := strings.TrimSuffix(strings.TrimPrefix(req.Params.URI, "test://template/"), "/data")
			return text(req.Params.URI, "application/json", string(encode(map[string]any{"id": id, "templateTest": true, "data": "Data for ID: " + id}))), nil
		})
}

func (s *Server) addFixedPrompts(m *server.MCPServer) {
	prompt := func(name string, arguments []string, text func(req mcp.GetPromptRequest) *mcp.GetPromptResult) {
		options := []mcp.PromptOption{mcp.WithPromptDescription("For the conformance suite.")}
		for _, a := range arguments {
			options = append(options, mcp.WithArgument(a, mcp.ArgumentDescription("An argument."), mcp.RequiredArgument()))
		}
		m.AddPrompt(mcp.NewPrompt(name, options...), func(_ context.Context, req mcp.GetPromptRequest) (*mcp.GetPromptResult, error) { return text(req), nil })
	}
	says := func(all ...mcp.Content) *mcp.GetPromptResult {
		r := &mcp.GetPromptResult{}
		for _, c := range all {
			r.Messages = append(r.Messages, mcp.NewPromptMessage(mcp.RoleUser, c))
		}
		return r
	}
	prompt("test_simple_prompt", nil, func(mcp.GetPromptRequest) *mcp.GetPromptResult {
		return says(mcp.NewTextContent("This is a simple prompt for testing."))
	})
	prompt("test_prompt_with_arguments", []string{"arg1", "arg2"}, func(req mcp.GetPromptRequest) *mcp.GetPromptResult {
		a := req.Params.Arguments
		return says(mcp.NewTextContent("Prompt with arguments: arg1='" + a["arg1"] + "', arg2='" + a["arg2"] + "'"))
	})
	prompt("test_prompt_with_embedded_resource", []string{"resourceUri"}, func(req mcp.GetPromptRequest) *mcp.GetPromptResult {
		return says(mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: req.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing."}),
			mcp.NewTextContent("Please process the embedded resource above."))
	})
	prompt("test_prompt_with_image", nil, func(mcp.GetPromptRequest) *mcp.GetPromptResult {
		return says(mcp.NewImageContent(pixel, "image/png"), mcp.NewTextContent("Please analyze the image above."))
	})
	prompt("test_input_required_result_prompt", nil, func(req mcp.GetPromptRequest) *mcp.GetPromptResult {
		if e := server.ElicitationResponse(req.Params.InputResponses, "user_context"); e != nil {
			return says(mcp.NewTextContent("In the context " + string(encode(e.Content))))
		}
		return server.NewInputRequestBuilder("").Elicit("user_context", fields("What context should the prompt use?", "context")).PromptResult()
	})
}

// fields is a form of texts.
func fields(message string, names ...string) mcp.ElicitationParams {
	properties := map[string]any{}
	for _, n := range names {
		properties[n] = map[string]any{"type": "string"}
	}
	return mcp.ElicitationParams{Message: message, RequestedSchema: map[string]any{"type": "object", "properties": properties, "required": slices.Sorted(slices.Values(names))}}
}
