package clientconfig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// app is a client that is known: where it keeps its servers, and how it is seen that it is there.
type app struct {
	id, name string
	file     string
	format   format
	folders  []string // or files: one of them is there if it is installed
	program  string   // or this is on PATH; "" if that says nothing
	restart  bool
}

// seams fills in what was not set, but for the command.
func (c Computer) seams() (Computer, error) {
	if c.OS == "" {
		c.OS = runtime.GOOS
	}
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.LookPath == nil {
		c.LookPath = exec.LookPath
	}
	if c.Home == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return c, fmt.Errorf("finding your home folder: %w", err)
		}
		c.Home = home
	}
	return c, nil
}

func (c Computer) filled() (Computer, error) {
	c, err := c.seams()
	if err == nil && c.Command == "" {
		c.Command, err = c.Program()
	}
	return c, err
}

// config is where apps keep their settings.
func (c Computer) config() string {
	switch c.OS {
	case "windows":
		if dir := c.Getenv("APPDATA"); dir != "" {
			return dir
		}
		return filepath.Join(c.Home, "AppData", "Roaming")
	case "darwin":
		return filepath.Join(c.Home, "Library", "Application Support")
	}
	return c.xdg()
}

// xdg is where they do on Linux, and some on macOS, too.
func (c Computer) xdg() string {
	if dir := c.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(c.Home, ".config")
}

// or is the value of a variable of the environment, else a folder in the user's home.
func (c Computer) or(variable, folder string) string {
	if dir := c.Getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(c.Home, folder)
}

// known are the clients. Each place and form is that of the client's own documentation.
func (c Computer) known() []app {
	claude, code := filepath.Join(c.config(), "Claude"), filepath.Join(c.config(), "Code", "User")
	cursor, gemini := filepath.Join(c.Home, ".cursor"), filepath.Join(c.Home, ".gemini")
	codex, windsurf := c.or("CODEX_HOME", ".codex"), filepath.Join(c.Home, ".codeium", "windsurf")
	zed := filepath.Join(c.xdg(), "zed")
	if c.OS == "windows" {
		zed = filepath.Join(c.config(), "Zed")
	}
	servers := jsonFile{section: "mcpServers"}
	return []app{
		{"claude-desktop", "Claude Desktop", filepath.Join(claude, "claude_desktop_config.json"), servers, []string{claude}, "", true},
		{"claude-code", "Claude Code", filepath.Join(c.or("CLAUDE_CONFIG_DIR", ""), ".claude.json"), jsonFile{section: "mcpServers", kind: "stdio"}, []string{c.or("CLAUDE_CONFIG_DIR", ".claude"), filepath.Join(c.or("CLAUDE_CONFIG_DIR", ""), ".claude.json")}, "claude", true},
		{"codex", "Codex", filepath.Join(codex, "config.toml"), tomlFile{}, []string{codex}, "codex", true},
		{"cursor", "Cursor", filepath.Join(cursor, "mcp.json"), servers, []string{cursor}, "", false},
		{"gemini-cli", "Gemini CLI", filepath.Join(gemini, "settings.json"), servers, []string{gemini}, "gemini", true},
		{"vscode", "VS Code", filepath.Join(code, "mcp.json"), jsonFile{section: "servers", kind: "stdio"}, []string{code}, "", false},
		{"windsurf", "Windsurf", filepath.Join(windsurf, "mcp_config.json"), servers, []string{windsurf}, "", true},
		{"zed", "Zed", filepath.Join(zed, "settings.json"), jsonFile{section: "context_servers"}, []string{zed}, "", false},
	}
}
