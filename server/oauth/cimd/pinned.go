package cimd

import (
	"regexp"
	"slices"
	"sync"
)

// pinned are the documents of clients that people use, as their makers publish them: those could not always be fetched
// when somebody wanted to connect.
var pinned = []Document{
	{"https://claude.ai/oauth/mcp-oauth-client-metadata", "Claude", []string{"https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"}},
	{"https://claude.ai/oauth/claude-code-client-metadata", "Claude Code", []string{"http://localhost/callback", "http://127.0.0.1/callback"}},
	{"https://chatgpt.com/oauth/codex/client.json", "Codex", []string{"http://127.0.0.1/callback", "http://localhost/callback"}},
	{"https://opencode.ai/oauth/opencode/client.json", "opencode", []string{"http://127.0.0.1/callback", "http://localhost/callback"}},
	{"https://github.com/copilot/cli/client-metadata.json", "GitHub Copilot CLI", []string{"http://127.0.0.1/"}},
}

// chatGPT is how ChatGPT names the client of each connector.
var chatGPT = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^https://chatgpt\.com/oauth/([A-Za-z0-9_-]{4,64})/client\.json$`)
})

// Pinned returns the built-in copy of a well-known client's document, for when its own cannot be fetched.
func Pinned(id string) (Document, bool) {
	if i := slices.IndexFunc(pinned, func(d Document) bool { return d.ClientID == id }); i >= 0 {
		d := pinned[i]
		d.RedirectURIs = slices.Clone(d.RedirectURIs)
		return d, true
	}
	if m := chatGPT().FindStringSubmatch(id); m != nil {
		return Document{id, "ChatGPT", []string{"https://chatgpt.com/connector/oauth/" + m[1]}}, true
	}
	return Document{}, false
}
