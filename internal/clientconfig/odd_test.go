package clientconfig

import (
	"strings"
	"testing"
)

// TestWhatIsTakenOutIsGone, though it stands there twice, or in two places.
func TestWhatIsTakenOutIsGone(t *testing.T) {
	for id, file := range map[string][3]string{
		"cursor": {".cursor/mcp.json", "{\n  \"mcpServers\": {\n    \"postern\": {\"command\": \"/old\"},\n    \"b\": {},\n    \"postern\": {\"command\": \"/usr/bin/postern\", \"args\": [\"stdio\"]}\n  }\n}\n",
			"{\n  \"mcpServers\": {\n    \"b\": {}\n  }\n}\n"},
		"codex": {".codex/config.toml", "z = 0\n\n[mcp_servers.postern]\ncommand = \"/usr/bin/postern\"\nargs = [\"stdio\"]\n\n[other]\na = 1\n\n[mcp_servers.postern.env]\nA = \"b\"\n\n[more]\nb = 2\n",
			"z = 0\n\n[other]\na = 1\n\n[more]\nb = 2\n"},
	} {
		c := desk(t)
		path := c.put(t, file[0], file[1])
		if _, err := c.Remove(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if now := c.state(t, id); now.State != Open {
			t.Errorf("%s is %s: %s", id, now.State, now.Old)
		}
		has(t, path, file[2])
	}
}

// TestAnotherWriterIsNotLost: Claude Code writes into its file all the time.
func TestAnotherWriterIsNotLost(t *testing.T) {
	c := desk(t)
	path := c.put(t, ".claude.json", "{\"a\": 1}\n")
	tries := 0
	backup, err := change(path, func(data []byte) ([]byte, error) {
		if tries++; tries == 1 {
			c.put(t, ".claude.json", "{\"a\": 2}\n")
		}
		return append(data, "// mine\n"...), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	has(t, path, "{\"a\": 2}\n// mine\n")
	has(t, backup, "{\"a\": 2}\n")
	_, err = change(path, func(data []byte) ([]byte, error) {
		tries++
		c.put(t, ".claude.json", strings.Repeat(" ", tries))
		return append(data, "// mine\n"...), nil
	})
	if err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("one that is written to without end: %v", err)
	}
}

// TestACommentSwallowsNothing of what is written or left behind it in the same line.
func TestACommentSwallowsNothing(t *testing.T) {
	c := desk(t)
	c.put(t, ".cursor/mcp.json", "{\"a\": 1 // one\n}\n")
	if _, err := c.Connect("cursor", false); err != nil {
		t.Fatal(err)
	}
	if now := c.state(t, "cursor"); now.State != Connected {
		t.Errorf("it is %s", now.State)
	}
	path := c.put(t, ".cursor/mcp.json", "{\"mcpServers\": { // mine\n\"postern\": {\"command\": \"/old\"}}}\n")
	if _, err := c.Remove("cursor"); err != nil {
		t.Fatal(err)
	}
	has(t, path, "{\"mcpServers\": { // mine\n}}\n")
}

// TestNestingWithoutEndIsRefused: the parsers go down into it until the program ends.
func TestNestingWithoutEndIsRefused(t *testing.T) {
	for id, file := range map[string][2]string{
		"cursor":     {".cursor/mcp.json", strings.Repeat("[\"]\", ", 2<<20)},
		"windsurf":   {".codeium/windsurf/mcp_config.json", strings.Repeat("[/* ] */", 2<<20)},
		"gemini-cli": {".gemini/settings.json", strings.Repeat("[// ]\n", 2<<20)},
		"codex":      {".codex/config.toml", "a = " + strings.Repeat("[", 4<<20)},
	} {
		c := desk(t)
		c.put(t, file[0], file[1])
		if one := c.state(t, id); one.State != Broken {
			t.Errorf("%s is %s", id, one.State)
		}
	}
	c := desk(t)
	c.put(t, ".cursor/mcp.json", "{\"a\": \""+strings.Repeat("[", deepest+1)+"\\\"[\"} // "+strings.Repeat("[", deepest+1)+"\n")
	if one := c.state(t, "cursor"); one.State != Open {
		t.Errorf("brackets in a text: it is %s: %s", one.State, one.Problem)
	}
}
