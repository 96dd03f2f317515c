package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/approval"
	"postern/internal/tool"
)

// A client may put an approval's question to the person in front of it, if the owner has allowed that for local
// clients. The question goes out as a multi round-trip request (2026-07-28; mcp-go turns it into elicitation/create for
// older clients), and its state carries a MAC, so that an answer belongs to a question that was put.

// question is the id of the only input that a call asks for.
const question = "approval"

// elicits reports whether the question of a call goes through the client.
func (s *Server) elicits(ctx context.Context, inv tool.Invocation) bool {
	session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
	if !ok || session.GetClientCapabilities().Elicitation == nil {
		return false
	}
	return s.Runner.MayElicit(ctx, inv.Client)
}

// ask makes the question of a call that waits.
func (s *Server) ask(ctx context.Context, out *tool.Outcome) (*mcp.CallToolResult, error) {
	r, err := s.Runner.Question(ctx, out.Pending)
	if err != nil {
		return result(out), nil // it can still be answered at the desktop
	}
	return server.NewInputRequestBuilder(s.seal(r.ID)).Elicit(question, mcp.ElicitationParams{
		Message: questionText(r),
		RequestedSchema: map[string]any{"type": "object", "required": []string{"approve"}, "properties": map[string]any{
			"approve": map[string]any{"type": "boolean", "title": "Allow this", "description": "Let it happen as shown"},
			"reason":  map[string]any{"type": "string", "title": "Reason", "description": "If not: why"},
		}},
	}).ToolResult(), nil
}

// questionText is the preview as plain text.
func questionText(r approval.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", tool.CleanLine(r.Preview.Title))
	for _, w := range r.Preview.Warnings {
		fmt.Fprintf(&b, "! %s\n", tool.CleanLine(w))
	}
	for _, f := range r.Preview.Fields {
		fmt.Fprintf(&b, "%s: %s\n", tool.CleanLine(f.Name), tool.CleanLine(f.Value))
	}
	return b.String() + "\n" + tool.Clean(r.Preview.Body)
}

// answered takes the answer that a repeated call carries, and returns what became of the call.
func (s *Server) answered(ctx context.Context, inv tool.Invocation, req mcp.CallToolRequest) (bool, *tool.Outcome) {
	if req.Params.RequestState == "" {
		return false, nil
	}
	id, ok := s.unseal(req.Params.RequestState)
	if !ok {
		return true, &tool.Outcome{Text: "this answer belongs to no question of this server", Err: tool.Errorf("invalid_argument", "foreign request state")}
	}
	e := server.ElicitationResponse(req.Params.InputResponses, question)
	if e == nil || e.Action == mcp.ElicitationResponseActionCancel {
		return true, s.Runner.Resume(ctx, inv, id, nil) // nobody decided: the question stays open elsewhere
	}
	a := approval.Answer{Via: "elicitation"}
	if content, ok := e.Content.(map[string]any); ok && e.Action == mcp.ElicitationResponseActionAccept {
		a.Approved, _ = content["approve"].(bool)
		a.Reason, _ = content["reason"].(string)
	}
	return true, s.Runner.Resume(ctx, inv, id, &a)
}

// seal makes the state of a question, which the client hands back.
func (s *Server) seal(id string) string {
	return id + "." + hex.EncodeToString(s.mac(id))
}

func (s *Server) unseal(state string) (id string, ok bool) {
	id, tag, found := strings.Cut(state, ".")
	given, err := hex.DecodeString(tag)
	return id, found && err == nil && hmac.Equal(given, s.mac(id))
}

func (s *Server) mac(id string) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte("elicitation\x00" + id))
	return h.Sum(nil)
}
