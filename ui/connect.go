package ui

import (
	"encoding/json"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// connect tells how a client on this computer finds Postern.
type connect struct {
	w     *window
	box   *fyne.Container
	pick  *widget.Select
	rows  *rows[way]
	local string
}

// way is how one client is connected.
type way struct {
	Client string
	Text   string // what to do with it
	Code   string // what is copied
}

func newConnect(w *window) *connect {
	c := &connect{w: w}
	c.rows = newRows(func(way) string { return "" }, c.row)
	c.pick = widget.NewSelect(nil, func(string) { c.show() })
	c.box = container.NewVBox(newPanel(
		container.NewBorder(nil, nil, nil, container.New(fixedWidth(230), c.pick), subheading(text.T("window.connect"))), c.rows.box))
	return c
}

func (c *connect) update(s desk.Snapshot) {
	if c.pick.Options != nil && c.local == s.Local {
		return
	}
	c.local = s.Local
	all := c.ways()
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.Client
	}
	c.pick.Options = names
	if c.pick.SelectedIndex() < 0 {
		c.pick.SetSelectedIndex(0)
	}
	c.show()
}

func (c *connect) show() {
	if i := c.pick.SelectedIndex(); i >= 0 {
		c.rows.set([]way{c.ways()[i]})
	}
}

// ways are the clients that are known, and how each is told.
func (c *connect) ways() []way {
	command := c.w.app.config.Command
	quoted := command
	if strings.ContainsAny(command, " \t'\"$&()") {
		quoted = `"` + command + `"`
	}
	config, err := json.MarshalIndent(map[string]any{"mcpServers": map[string]any{"postern": map[string]any{"command": command, "args": []string{"stdio"}}}}, "", "  ")
	if err != nil { // never: it is made of strings
		config = nil
	}
	shell, file := text.T("window.connect_shell"), text.T("window.connect_file")
	all := []way{
		{"Claude Code", shell, "claude mcp add postern -- " + quoted + " stdio"},
		{"Claude Desktop", text.T("window.connect_claude"), string(config)},
		{"Codex", shell, "codex mcp add postern -- " + quoted + " stdio"},
		{"Cursor", text.T("window.connect_cursor"), string(config)},
		{"Gemini CLI", shell, "gemini mcp add postern " + quoted + " stdio"},
		{"VS Code", shell, `code --add-mcp '{"name":"postern","command":` + jsonString(command) + `,"args":["stdio"]}'`},
		{text.T("window.connect_other"), file, string(config)},
	}
	if c.local != "" {
		all = append(all, way{text.T("window.connect_http"), text.T("window.connect_http_text"), c.local})
	}
	return all
}

func jsonString(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // never: it is a string
		return `""`
	}
	return string(b)
}

func (c *connect) row(w way) fyne.CanvasObject {
	return container.NewVBox(aside(w.Text), container.NewBorder(nil, nil, nil, container.NewVBox(c.w.copier(text.T("window.copy"), w.Code)), code(w.Code)))
}
