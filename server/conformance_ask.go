//go:build conformance

package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// schema2020 has what a careless copy of a schema would lose.
const schema2020 = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},"then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false}`

// question of a sampling.
func sampling(text string, tokens int) mcp.CreateMessageParams {
	return mcp.CreateMessageParams{MaxTokens: tokens, Messages: []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}}}
}

// addQuestions adds the tools that ask the client something, of either era.
func (s *Server) addQuestions(tool func(string, server.ToolHandlerFunc, ...mcp.ToolOption)) {
	// Before 2026-07-28 the question goes out on the stream of the call.
	ask := func(name, prefix string, params func(mcp.CallToolRequest) any, method string, options ...mcp.ToolOption) {
		tool(name, func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			re, err := wayOf(ctx).ask(ctx, method, params(req))
			if err != nil {
				return nil, err
			}
			if re.Error != nil {
				return mcp.NewToolResultError(re.Error.Message), nil
			}
			return mcp.NewToolResultText(prefix + string(re.Result)), nil
		}, options...)
	}
	elicitation := func(message string, properties map[string]any, required ...string) mcp.ElicitationParams {
		schema := map[string]any{"type": "object", "properties": properties}
		if len(required) > 0 {
			schema["required"] = required
		}
		return mcp.ElicitationParams{Message: message, RequestedSchema: schema}
	}
	ask("test_sampling", "LLM response: ", func(req mcp.CallToolRequest) any { return sampling(req.GetString("prompt", ""), 100) },
		string(mcp.MethodSamplingCreateMessage), mcp.WithString("prompt", mcp.Required()))
	ask("test_elicitation", "User response: ", func(req mcp.CallToolRequest) any {
		return elicitation(req.GetString("message", ""), map[string]any{"username": map[string]any{"type": "string", "description": "User's response"},
			"email": map[string]any{"type": "string", "description": "User's email address"}}, "username", "email")
	}, string(mcp.MethodElicitationCreate), mcp.WithString("message", mcp.Required()))
	ask("test_elicitation_sep1034_defaults", "Elicitation completed: ", func(mcp.CallToolRequest) any {
		return elicitation("Defaults of every type", map[string]any{
			"name": map[string]any{"type": "string", "default": "John Doe"}, "age": map[string]any{"type": "integer", "default": 30},
			"score": map[string]any{"type": "number", "default": 95.5}, "verified": map[string]any{"type": "boolean", "default": true},
			"status": map[string]any{"type": "string", "enum": []string{"active", "inactive", "pending"}, "default": "active"},
		})
	}, string(mcp.MethodElicitationCreate))
	ask("test_elicitation_sep1330_enums", "Elicitation completed: ", func(mcp.CallToolRequest) any {
		titled := func(word, kind string) (all []map[string]any) {
			for i, nth := range []string{"First", "Second", "Third"} {
				all = append(all, map[string]any{"const": fmt.Sprintf("%s%d", word, i+1), "title": nth + " " + kind})
			}
			return all
		}
		options := []string{"option1", "option2", "option3"}
		return elicitation("Choices of every kind", map[string]any{
			"untitledSingle": map[string]any{"type": "string", "enum": options},
			"titledSingle":   map[string]any{"type": "string", "oneOf": titled("value", "Option")},
			"legacyEnum":     map[string]any{"type": "string", "enum": []string{"opt1", "opt2", "opt3"}, "enumNames": []string{"Option One", "Option Two", "Option Three"}},
			"untitledMulti":  map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": options}},
			"titledMulti":    map[string]any{"type": "array", "items": map[string]any{"anyOf": titled("value", "Choice")}},
		})
	}, string(mcp.MethodElicitationCreate))

	// Since 2026-07-28 it is the result of the call, which comes again with the answers.
	again := func(name string, h func(ctx context.Context, req mcp.CallToolRequest) *mcp.CallToolResult) {
		tool(name, func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if state := req.Params.RequestState; state != "" && s.opened(state) == "" {
				return nil, coded(mcp.INVALID_PARAMS, "this state was not made here")
			}
			return h(ctx, req), nil
		})
	}
	text := func(req mcp.CallToolRequest, id string) (string, bool) {
		e := server.ElicitationResponse(req.Params.InputResponses, id)
		if e == nil || e.Action != mcp.ElicitationResponseActionAccept {
			return "", false
		}
		return string(encode(e.Content)), true
	}
	hello := func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		e := server.ElicitationResponse(req.Params.InputResponses, "user_name")
		if e != nil {
			if m, ok := e.Content.(map[string]any); ok {
				if name, ok := m["name"].(string); ok {
					return mcp.NewToolResultText("Hello, " + name + "!")
				}
			}
		}
		return server.NewInputRequestBuilder("").Elicit("user_name", fields("What is your name?", "name")).ToolResult()
	}
	again("test_input_required_result_elicitation", hello)
	again("test_streaming_elicitation", hello)
	again("test_input_required_result_sampling", func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		if r := server.SamplingResponse(req.Params.InputResponses, "capital_question"); r != nil {
			return mcp.NewToolResultText("The model says " + string(encode(r.Content)))
		}
		return server.NewInputRequestBuilder("").Sample("capital_question", sampling("What is the capital of France?", 100)).ToolResult()
	})
	again("test_input_required_result_list_roots", func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		if r := server.RootsResponse(req.Params.InputResponses, "client_roots"); r != nil {
			return mcp.NewToolResultText("The roots are " + string(encode(r.Roots)))
		}
		return server.NewInputRequestBuilder("").Roots("client_roots").ToolResult()
	})
	confirm := func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		if got, ok := text(req, "confirm"); ok && req.Params.RequestState != "" {
			return mcp.NewToolResultText("state-ok " + got)
		}
		return server.NewInputRequestBuilder(s.closed("confirm")).Elicit("confirm", mcp.ElicitationParams{Message: "Please confirm", RequestedSchema: map[string]any{
			"type": "object", "properties": map[string]any{"ok": map[string]any{"type": "boolean"}}, "required": []string{"ok"}}}).ToolResult()
	}
	again("test_input_required_result_request_state", confirm)
	again("test_input_required_result_tampered_state", confirm)
	again("test_input_required_result_multiple_inputs", func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		answers := req.Params.InputResponses
		name, named := text(req, "user_name")
		greeting, roots := server.SamplingResponse(answers, "greeting"), server.RootsResponse(answers, "client_roots")
		if named && greeting != nil && roots != nil {
			return mcp.NewToolResultText(name + string(encode(greeting.Content)) + string(encode(roots.Roots)))
		}
		return server.NewInputRequestBuilder(s.closed("several")).Elicit("user_name", fields("What is your name?", "name")).
			Sample("greeting", sampling("Generate a greeting", 50)).Roots("client_roots").ToolResult()
	})
	again("test_input_required_result_multi_round", func(_ context.Context, req mcp.CallToolRequest) *mcp.CallToolResult {
		switch s.opened(req.Params.RequestState) {
		case "one":
			if _, ok := text(req, "step1"); ok {
				return server.NewInputRequestBuilder(s.closed("two")).Elicit("step2", fields("Step 2: What is your favorite color?", "color")).ToolResult()
			}
		case "two":
			if color, ok := text(req, "step2"); ok {
				return mcp.NewToolResultText("You like " + color)
			}
		}
		return server.NewInputRequestBuilder(s.closed("one")).Elicit("step1", fields("Step 1: What is your name?", "name")).ToolResult()
	})
	again("test_input_required_result_capabilities", func(ctx context.Context, _ mcp.CallToolRequest) *mcp.CallToolResult {
		b := server.NewInputRequestBuilder("")
		if capabilities(ctx).Sampling != nil {
			b.Sample("sampled", sampling("Say something", 50))
		}
		if capabilities(ctx).Elicitation != nil {
			b.Elicit("elicited", fields("Say something", "text"))
		}
		return b.ToolResult()
	})
}

// closed makes a state of a word, which opened returns again; "" for a state that closed has not made.
func (s *Server) closed(word string) string {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte("conformance " + word))
	return word + "." + hex.EncodeToString(h.Sum(nil))
}

func (s *Server) opened(state string) string {
	for _, word := range []string{"confirm", "several", "one", "two"} {
		if hmac.Equal([]byte(state), []byte(s.closed(word))) {
			return word
		}
	}
	return ""
}
