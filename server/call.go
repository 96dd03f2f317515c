package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
)

// handler calls a tool through the Runner.
func (s *Server) handler(name string) server.ToolHandlerFunc {
	return func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		w := wayOf(ctx)
		ctx, ended := cancellable(ctx, req)
		defer ended()
		s.compare(ctx, w)
		report, end := progress(req, w)
		defer end()
		inv := tool.Invocation{Client: s.client(ctx), Tool: name, Args: rawArguments(req), Progress: report}
		if answered, out := s.answered(ctx, inv, req); answered {
			return result(out), nil
		}
		if s.elicits(ctx, inv) {
			if mcp.IsModernProtocol(server.RequestProtocolVersion(ctx)) {
				inv.NoWait = true
			} else {
				inv.Elicit = elicit(w)
			}
		}
		out := s.Runner.Call(ctx, inv)
		if inv.NoWait && out.Pending != "" {
			return s.ask(ctx, inv, out)
		}
		return result(out), nil
	}
}

// callHeader carries the id of a call over stdio from markCall to the handler. Over HTTP it is the client's own header.
const callHeader = "Postern-Call"

// markCall notes the id of a call over stdio in it: a handler of mcp-go is not told.
func markCall(ctx context.Context, id any, req *mcp.CallToolRequest) {
	if _, ok := wayOf(ctx).(*lineWriter); ok {
		req.Header = http.Header{callHeader: {idKey(encode(id))}}
	}
}

// cancellable returns a context that ends when the client cancels the call. mcp-go forgets a cancellation that is read
// before its call has begun, which happens when both come at once.
func cancellable(ctx context.Context, req mcp.CallToolRequest) (_ context.Context, end func()) {
	w, ok := wayOf(ctx).(*lineWriter)
	if !ok {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	w.running(req.Header.Get(callHeader), cancel)
	return ctx, cancel
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

// progress returns the function that reports on a call, nil if the client did not ask, and one that ends it: nothing
// may be said of a call after its answer.
func progress(req mcp.CallToolRequest, w way) (report func(done, total int, message string), end func()) {
	if req.Params.Meta == nil || req.Params.Meta.ProgressToken == nil || w == nil {
		return nil, func() {}
	}
	var mu sync.Mutex
	var last time.Time
	highest, over := -1, false
	report = func(done, total int, message string) {
		mu.Lock()
		defer mu.Unlock()
		// The protocol wants rising values; steps that end side by side may report out of order.
		if over || done <= highest || time.Since(last) < progressEvery && done < total {
			return
		}
		highest, last = done, time.Now()
		params := map[string]any{"progressToken": req.Params.Meta.ProgressToken, "progress": done, "message": tool.CleanLine(message)}
		if total > 0 {
			params["total"] = total
		}
		w.notify("notifications/progress", params)
	}
	return report, func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
