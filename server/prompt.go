package server

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
)

// recipe is a prompt: what the owner picks in the client, and what the model is then asked.
type recipe struct {
	name, description string
	scope             tool.Scope // that its tools need
	arguments         []argument
	text              func(arg func(string) string) string
}

type argument struct {
	name, description string
	required          bool
}

var profileArgument = argument{"profile", "Profile to use; empty for the default.", false}

// recipes returns the prompts.
func recipes() []recipe {
	return []recipe{
		{"inbox_triage", "Sort the unread mail: what needs an answer, what needs reading, what can go.", "gmail:read",
			[]argument{profileArgument, {"days", "How many days back; 3 if empty.", false}, {"label", "Only mail with this label.", false}},
			func(arg func(string) string) string {
				query := "in:inbox is:unread newer_than:" + cmp.Or(arg("days"), "3") + "d"
				if l := arg("label"); l != "" {
					query += fmt.Sprintf(" label:%q", l)
				}
				return "Go through my unread mail. Search with gmail_search, query " + fmt.Sprintf("%q", query) + " and max 50." + asProfile(arg) + `
Read a mail only if its row does not tell enough. Then make three lists:
1. Needs my answer: who, what they want, by when; one line each, the most urgent first.
2. Worth reading: one line each.
3. Can go: newsletters, notifications, what is settled. Count them by sender.
Do not change anything yet. At the end propose what you would archive or label, and wait for my word; then use gmail_modify.`
			}},
		{"unanswered_mail", "Find conversations in which somebody waits for an answer.", "gmail:read",
			[]argument{profileArgument, {"days", "How many days back; 14 if empty.", false}},
			func(arg func(string) string) string {
				days := cmp.Or(arg("days"), "14")
				return "Find mail that waits for my answer. Search with gmail_search, query " + fmt.Sprintf("%q", "in:inbox newer_than:"+days+"d -category:promotions -category:social -from:me") + " and max 50." + asProfile(arg) + `
For each conversation that asks me something, look with gmail_read_thread (last 3) whether I have answered since. Leave out those whose last mail is mine, and those that ask nothing.
List the rest: who waits, since when, for what, and what I promised. The longest wait first. Then offer to draft answers; write drafts with gmail_save_draft only when I say which.`
			}},
		{"reply_in_my_voice", "Draft a reply that sounds like the owner.", "gmail:write",
			[]argument{{"message_id", "The mail to answer: id or pasted address.", true}, {"points", "What the reply should say.", false}, profileArgument},
			func(arg func(string) string) string {
				points := "Work out from the conversation what I would answer, and ask me if that is not clear."
				if p := arg("points"); p != "" {
					points = "It should say: " + p
				}
				return "Draft a reply to the mail " + arg("message_id") + "." + asProfile(arg) + `
First read its conversation (gmail_read_thread). Then learn how I write: gmail_search with "in:sent to:" and the sender's address, else "in:sent newer_than:90d", and read three to five of my own mails. Note greeting, closing, length, tone and language.
` + points + `
Write only what I would write; no phrases that I do not use. Save it with gmail_save_draft and reply_to_message_id; do not send it. Show me the text.`
			}},
	}
}

func asProfile(arg func(string) string) string {
	if p := arg("profile"); p != "" {
		return fmt.Sprintf(" Use the profile %q in every call.", p)
	}
	return ""
}

func (s *Server) addPrompts(m *server.MCPServer) {
	for _, r := range recipes() {
		opts := []mcp.PromptOption{mcp.WithPromptDescription(r.description)}
		for _, a := range r.arguments {
			o := []mcp.ArgumentOption{mcp.ArgumentDescription(a.description)}
			if a.required {
				o = append(o, mcp.RequiredArgument())
			}
			opts = append(opts, mcp.WithArgument(a.name, o...))
		}
		m.AddPrompt(mcp.NewPrompt(r.name, opts...), func(_ context.Context, req mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			for _, a := range r.arguments {
				if a.required && strings.TrimSpace(req.Params.Arguments[a.name]) == "" {
					return nil, coded(mcp.INVALID_PARAMS, "the prompt %s wants the argument %q: %s", r.name, a.name, a.description)
				}
			}
			arg := func(name string) string { return tool.CleanLine(strings.TrimSpace(req.Params.Arguments[name])) }
			return mcp.NewGetPromptResult(r.description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(r.text(arg)))}), nil
		})
	}
}
