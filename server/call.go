package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
)

// notifier writes a notification to the client at once, so that it stands before the answer that follows it. (mcp-go
// queues notifications, and loses those that are sent just before a handler returns.)
type notifier func(method string, params any)

// handler calls a tool through the Runner.
func (s *Server) handler(m *server.MCPServer, name string, notify notifier) server.ToolHandlerFunc {
	return func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		inv := tool.Invocation{Client: s.client(ctx), Tool: name, Args: rawArguments(req), Progress: progress(req, notify)}
		if answered, out := s.answered(ctx, inv, req); answered {
			return result(out), nil
		}
		inv.NoWait = s.elicits(ctx, inv)
		out := s.Runner.Call(ctx, inv)
		if inv.NoWait && out.Pending != "" {
			return s.ask(ctx, out)
		}
		return result(out), nil
	}
}

// rawArguments are the arguments as they came: decoding them once more would round large numbers.
func rawArguments(req mcp.CallToolRequest) []byte {
	if raw, ok := req.GetRawArguments().(json.RawMessage); ok {
		return raw
	}
	if req.Params.Arguments == nil {
		return nil
	}
	b, err := json.Marshal(req.Params.Arguments)
	if err != nil {
		return []byte("null")
	}
	return b
}

// result writes an outcome as the protocol has it. An error is a result, too: the model is to read it.
func result(out *tool.Outcome) *mcp.CallToolResult {
	r := &mcp.CallToolResult{Content: []mcp.Content{mcp.NewTextContent(out.Text)}, IsError: out.Err != nil}
	for _, c := range out.Contents {
		switch {
		case c.Image != nil:
			r.Content = append(r.Content, mcp.NewImageContent(base64.StdEncoding.EncodeToString(c.Image), c.MIME))
		case c.File != "":
			r.Content = append(r.Content, mcp.NewResourceLink(c.File, c.Name, "", c.MIME))
		}
	}
	return r
}

// progressEvery is the least time between two notifications of one call.
const progressEvery = 100 * time.Millisecond

// progress returns the function that reports on a call; nil if the client did not ask.
func progress(req mcp.CallToolRequest, notify notifier) func(done, total int, message string) {
	if req.Params.Meta == nil || req.Params.Meta.ProgressToken == nil || notify == nil {
		return nil
	}
	var mu sync.Mutex
	var last time.Time
	highest := -1
	return func(done, total int, message string) {
		mu.Lock()
		defer mu.Unlock()
		// The protocol wants rising values; steps that end side by side may report out of order.
		if done <= highest || time.Since(last) < progressEvery && done < total {
			return
		}
		highest, last = done, time.Now()
		params := map[string]any{"progressToken": req.Params.Meta.ProgressToken, "progress": done, "message": tool.CleanLine(message)}
		if total > 0 {
			params["total"] = total
		}
		notify("notifications/progress", params)
	}
}
