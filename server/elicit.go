package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/approval"
	"postern/internal/tool"
)

// A client may put an approval's question to the person in front of it, if the owner has allowed that for local
// clients. Since 2026-07-28 the question goes out as the result of the call, which is then repeated with the answer and
// a state; the state carries a MAC, so that an answer belongs to a question that was put for this very call. Older
// clients are sent elicitation/create while the call waits, as long as any call waits for the owner.

// question is the id of the only input that a call asks for.
const question = "approval"

// elicits reports whether the question of a call goes through the client.
func (s *Server) elicits(ctx context.Context, inv tool.Invocation) bool {
	session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
	if !ok {
		return false
	}
	can := session.GetClientCapabilities().Elicitation
	if can == nil || can.Form == nil && can.URL != nil { // neither stands for a form, see 2025-11-25
		return false
	}
	return s.Runner.MayElicit(ctx, inv.Client)
}

// ask makes the question of a call that waits the result of the call.
func (s *Server) ask(ctx context.Context, inv tool.Invocation, out *tool.Outcome) (*mcp.CallToolResult, error) {
	r, err := s.Runner.Question(ctx, out.Pending)
	if err != nil {
		return result(out), nil // it can still be answered at the desktop
	}
	return server.NewInputRequestBuilder(s.seal(r.ID, inv)).Elicit(question, form(r)).ToolResult(), nil
}

// elicit puts the question of a call with elicitation/create.
func elicit(w way) func(context.Context, approval.Request) (approval.Answer, bool) {
	return func(ctx context.Context, r approval.Request) (approval.Answer, bool) {
		re, err := w.ask(ctx, string(mcp.MethodElicitationCreate), form(r))
		if err != nil || re.Error != nil {
			return approval.Answer{}, false
		}
		var e mcp.ElicitationResult
		if json.Unmarshal(re.Result, &e) != nil {
			return approval.Answer{}, false
		}
		return decided(&e)
	}
}

// form is what the person in front of the client sees and fills in.
func form(r approval.Request) mcp.ElicitationParams {
	return mcp.ElicitationParams{
		Message: questionText(r),
		RequestedSchema: map[string]any{"type": "object", "required": []string{"approve"}, "properties": map[string]any{
			"approve": map[string]any{"type": "boolean", "title": "Allow this", "description": "Let it happen as shown"},
			"reason":  map[string]any{"type": "string", "title": "Reason", "description": "If not: why"},
		}},
	}
}

// decided reads a filled-in form. ok is false if the person did not decide.
func decided(e *mcp.ElicitationResult) (a approval.Answer, ok bool) {
	a.Via = "elicitation"
	switch e.Action {
	case mcp.ElicitationResponseActionAccept:
		if content, ok := e.Content.(map[string]any); ok {
			a.Approved, _ = content["approve"].(bool)
			a.Reason, _ = content["reason"].(string)
		}
		return a, true
	case mcp.ElicitationResponseActionDecline:
		return a, true
	}
	return a, false
}

// answered takes the answer that a repeated call carries, and returns what became of the call.
func (s *Server) answered(ctx context.Context, inv tool.Invocation, req mcp.CallToolRequest) (bool, *tool.Outcome) {
	if req.Params.RequestState == "" {
		return false, nil
	}
	id, ok := s.unseal(req.Params.RequestState, inv)
	if !ok {
		return true, &tool.Outcome{Text: "this answer belongs to no question of this server, or to another call", Err: tool.Errorf("invalid_argument", "foreign request state")}
	}
	if e := server.ElicitationResponse(req.Params.InputResponses, question); e != nil {
		if a, ok := decided(e); ok {
			return true, s.Runner.Resume(ctx, inv, id, &a)
		}
	}
	return true, s.Runner.Resume(ctx, inv, id, nil) // nobody decided: the question stays open elsewhere
}

// seal makes the state of a question, which the client hands back with the same call. It is good once, as the question
// is, and as long as that.
func (s *Server) seal(id string, inv tool.Invocation) string {
	return id + "." + hex.EncodeToString(s.mac(id, inv))
}

func (s *Server) unseal(state string, inv tool.Invocation) (id string, ok bool) {
	id, tag, found := strings.Cut(state, ".")
	given, err := hex.DecodeString(tag)
	return id, found && err == nil && hmac.Equal(given, s.mac(id, inv))
}

// mac covers the question, the client and the call. The arguments count, not the order in which they are written.
func (s *Server) mac(id string, inv tool.Invocation) []byte {
	args := inv.Args
	d := json.NewDecoder(bytes.NewReader(args))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil {
		args = encode(v)
	}
	h := hmac.New(sha256.New, s.key[:])
	for _, part := range []string{"elicitation", id, inv.Client.Key, inv.Tool, string(args)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}
