package clientconfig

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const command = "/usr/bin/postern"

// desk is a computer with nothing on it but a home.
func desk(t *testing.T) Computer {
	t.Helper()
	return Computer{OS: "linux", Home: t.TempDir(), Getenv: func(string) string { return "" }, LookPath: func(string) (string, error) { return "", os.ErrNotExist }, Command: command}
}

func (c Computer) put(t *testing.T, path, content string) string {
	t.Helper()
	path = filepath.Join(c.Home, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func has(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(path), diff)
	}
}

func (c Computer) state(t *testing.T, id string) Client {
	t.Helper()
	one, err := c.Client(id)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// TestWhereTheyAre on each system, and that nobody is seen on an empty computer.
func TestWhereTheyAre(t *testing.T) {
	for system, want := range map[string]map[string]string{
		"linux": {"claude-desktop": ".config/Claude/claude_desktop_config.json", "claude-code": ".claude.json", "cursor": ".cursor/mcp.json", "vscode": ".config/Code/User/mcp.json",
			"codex": ".codex/config.toml", "gemini-cli": ".gemini/settings.json", "windsurf": ".codeium/windsurf/mcp_config.json", "zed": ".config/zed/settings.json"},
		"darwin": {"claude-desktop": "Library/Application Support/Claude/claude_desktop_config.json", "vscode": "Library/Application Support/Code/User/mcp.json", "zed": ".config/zed/settings.json"},
		"windows": {"claude-desktop": "AppData/Roaming/Claude/claude_desktop_config.json", "vscode": "AppData/Roaming/Code/User/mcp.json", "zed": "AppData/Roaming/Zed/settings.json",
			"claude-code": ".claude.json"},
	} {
		c := desk(t)
		c.OS = system
		all, err := c.Clients()
		if err != nil || len(all) != 8 {
			t.Fatalf("%d clients, %v", len(all), err)
		}
		for _, one := range all {
			if one.State != Missing {
				t.Errorf("%s: %s is %s", system, one.ID, one.State)
			}
			if file, ok := want[one.ID]; ok && one.File != filepath.Join(c.Home, filepath.FromSlash(file)) {
				t.Errorf("%s: %s is at %s", system, one.ID, one.File)
			}
		}
	}
}

func TestTheEnvironmentMovesThem(t *testing.T) {
	c := desk(t)
	c.Getenv = func(name string) string {
		return map[string]string{"CODEX_HOME": "/srv/codex", "CLAUDE_CONFIG_DIR": "/srv/claude", "XDG_CONFIG_HOME": "/srv/config"}[name]
	}
	for id, want := range map[string]string{"codex": "/srv/codex/config.toml", "claude-code": "/srv/claude/.claude.json", "zed": "/srv/config/zed/settings.json"} {
		if got := c.state(t, id).File; got != want {
			t.Errorf("%s is at %s, want %s", id, got, want)
		}
	}
}

// TestEachIsConnected where it has no configuration yet, once, and disconnected again.
func TestEachIsConnected(t *testing.T) {
	folders := map[string]string{"claude-desktop": ".config/Claude", "claude-code": ".claude", "cursor": ".cursor", "vscode": ".config/Code/User", "codex": ".codex", "gemini-cli": ".gemini",
		"windsurf": ".codeium/windsurf", "zed": ".config/zed"}
	for id, folder := range folders {
		c := desk(t)
		if _, err := c.Connect(id, false); err == nil || !strings.Contains(err.Error(), "install it first") {
			t.Errorf("%s is not there: %v", id, err)
		}
		if err := os.MkdirAll(filepath.Join(c.Home, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		one := c.state(t, id)
		if one.State != Open || !strings.Contains(one.Entry, command) || !strings.Contains(one.Entry, "stdio") {
			t.Errorf("%s is %s, and would get %s", id, one.State, one.Entry)
		}
		for range 2 {
			if backup, err := c.Connect(id, false); err != nil || backup != "" {
				t.Errorf("%s: %q, %v", id, backup, err)
			}
		}
		has(t, one.File, one.Entry+"\n")
		if info, err := os.Stat(one.File); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", id, info.Mode(), err)
		}
		if got := c.state(t, id); got.State != Connected {
			t.Errorf("%s is %s", id, got.State)
		}
		if backup, err := c.Remove(id); err != nil || backup != one.File+backupEnd {
			t.Errorf("%s: %q, %v", id, backup, err)
		}
		if got := c.state(t, id); got.State != Open {
			t.Errorf("%s is %s", id, got.State)
		}
		if backup, err := c.Remove(id); err != nil || backup != "" {
			t.Errorf("%s a second time: %q, %v", id, backup, err)
		}
	}
}

// TestAProgramOnThePathIsEnough to be seen.
func TestAProgramOnThePathIsEnough(t *testing.T) {
	c := desk(t)
	c.LookPath = func(name string) (string, error) {
		if name == "gemini" {
			return "/opt/gemini", nil
		}
		return "", os.ErrNotExist
	}
	if got := c.state(t, "gemini-cli").State; got != Open {
		t.Errorf("it is %s", got)
	}
	if got := c.state(t, "cursor").State; got != Missing {
		t.Errorf("another is %s", got)
	}
}

// TestAnotherEntryIsReplacedOnlyWhenAsked, and said.
func TestAnotherEntryIsReplacedOnlyWhenAsked(t *testing.T) {
	for id, files := range map[string][3]string{
		"cursor": {".cursor/mcp.json", "{\n  \"mcpServers\": {\n    \"postern\": { \"command\": \"/old/postern\" /* mine */ }, // here\n    \"b\": {}\n  }\n}\n",
			"{\n  \"mcpServers\": {\n    \"postern\": {\n      \"command\": \"/usr/bin/postern\",\n      \"args\": [\n        \"stdio\"\n      ]\n    }, // here\n    \"b\": {}\n  }\n}\n"},
		"codex": {".codex/config.toml", "model = \"x\"\n\n[mcp_servers.postern]\ncommand = \"/old/postern\"\n\n[mcp_servers.postern.env]\nA = \"1\"\n\n# of b\n[mcp_servers.b]\ncommand = \"b\"\n",
			"model = \"x\"\n\n# of b\n[mcp_servers.b]\ncommand = \"b\"\n\n[mcp_servers.postern]\ncommand = \"/usr/bin/postern\"\nargs = [\"stdio\"]\n"},
	} {
		c := desk(t)
		path := c.put(t, files[0], files[1])
		one := c.state(t, id)
		if one.State != Differs || !strings.Contains(one.Old, "/old/postern") {
			t.Errorf("%s is %s, with %s", id, one.State, one.Old)
		}
		if _, err := c.Connect(id, false); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", id, err)
		}
		has(t, path, files[1])
		backup, err := c.Connect(id, true)
		if err != nil {
			t.Fatal(err)
		}
		has(t, path, files[2])
		has(t, backup, files[1])
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
			t.Errorf("%s: the mode is %v, %v", id, info.Mode(), err)
		}
	}
}

// TestABrokenFileIsLeftAlone, with a sentence.
func TestABrokenFileIsLeftAlone(t *testing.T) {
	for _, f := range []struct{ id, path, content, want string }{
		{"cursor", ".cursor/mcp.json", `{"mcpServers": {`, "no valid JSON"},
		{"cursor", ".cursor/mcp.json", `["mcpServers"]`, "no JSON object"},
		{"cursor", ".cursor/mcp.json", `{"mcpServers": []}`, "is no object"},
		{"codex", ".codex/config.toml", "a = \n", "no valid TOML"},
		{"codex", ".codex/config.toml", "mcp_servers = 3\n", "is no table"},
	} {
		c := desk(t)
		path := c.put(t, f.path, f.content)
		if one := c.state(t, f.id); one.State != Broken || !strings.Contains(one.Problem, f.want) {
			t.Errorf("%s is %s: %s", f.content, one.State, one.Problem)
		}
		_, cerr := c.Connect(f.id, true)
		_, rerr := c.Remove(f.id)
		for _, err := range []error{cerr, rerr} {
			if err == nil || !strings.Contains(err.Error(), f.want) {
				t.Errorf("%s: %v", f.content, err)
			}
		}
		has(t, path, f.content)
	}
}

// TestALinkStays, and what it leads to is changed; one that leads nowhere is left alone.
func TestALinkStays(t *testing.T) {
	c := desk(t)
	real := c.put(t, "dotfiles/mcp.json", "{}\n")
	link := filepath.Join(c.Home, ".cursor", "mcp.json")
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	if _, err := c.Connect("cursor", false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	has(t, real, c.state(t, "cursor").Entry+"\n")
	if err := os.Rename(real, real+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect("cursor", false); err == nil || !strings.Contains(err.Error(), "leads nowhere") {
		t.Errorf("a link to nowhere: %v", err)
	}
}

func TestAnUnknownClient(t *testing.T) {
	if _, err := desk(t).Connect("clippy", false); err == nil || !strings.Contains(err.Error(), `"clippy"`) {
		t.Error(err)
	}
}

func TestTheProgramOnPath(t *testing.T) {
	c := desk(t)
	if _, err := c.Program(); err == nil || !strings.Contains(err.Error(), "PATH") {
		t.Errorf("there is none: %v", err)
	}
	c.LookPath = func(name string) (string, error) { return "/opt/" + name, nil }
	if got, err := c.Program(); err != nil || got != "/opt/postern" {
		t.Errorf("%s, %v", got, err)
	}
}
