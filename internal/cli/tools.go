package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/internal/settings"
	"postern/internal/tool"
)

func (f *face) tools() *cobra.Command {
	var s bridge.Shown
	var toolsets string
	with := func(run func(context.Context, *bridge.Bridge, *tool.Runner, tool.Client, []string) error) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			return f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
				if list := settings.SplitList(toolsets); len(list) > 0 {
					s.Toolsets = list
				}
				client, err := b.Terminal(ctx, s)
				if err != nil {
					return err
				}
				r, err := b.Runner(ctx)
				if err != nil {
					return err
				}
				return run(ctx, b, r, client, args)
			})(c, args)
		}
	}
	list := &cobra.Command{Use: "list", Short: "List the tools", Args: exactly(0), RunE: with(f.listTools)}
	show := &cobra.Command{Use: "show TOOL", Short: "Show a tool and its arguments", Args: exactly(1), RunE: with(f.showTool)}
	call := &cobra.Command{Use: "call TOOL [ARGUMENT=VALUE…]", Short: "Call a tool", Args: within(1, 100), RunE: with(f.callTool),
		Example: "  postern tools call gmail_search query=in:inbox max=5\n  postern tools call gmail_modify message_ids='[\"19a…\"]' action=archive\n  postern tools call gmail_search '{\"query\":\"is:unread\"}' --demo"}
	for _, c := range []*cobra.Command{list, show, call} {
		f.shown(c, &s, &toolsets)
	}
	return noun("tools", "Every tool from the shell too", list, show, call)
}

type toolRow struct {
	Name        string          `json:"name"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Class       string          `json:"class"`
	Scope       tool.Scope      `json:"scope,omitempty"`
	Schema      json.RawMessage `json:"input_schema"`
}

func rowOf(t *tool.Tool) toolRow {
	return toolRow{t.Name, t.Title, t.Description, t.Class.String(), t.Scope(), t.Schema()}
}

// listTools lists all tools of the toolsets and tier, also those that no profile can use yet.
func (f *face) listTools(_ context.Context, _ *bridge.Bridge, r *tool.Runner, c tool.Client, _ []string) error {
	all := []toolRow{}
	var rows [][]string
	for _, t := range r.All() {
		if !c.Sees(t) {
			continue
		}
		all = append(all, rowOf(t))
		scope := string(t.Scope())
		if scope == "" {
			scope = "-"
		}
		rows = append(rows, []string{t.Name, t.Class.String(), scope, t.Title})
	}
	if f.json {
		return f.printJSON(all)
	}
	return f.table([]string{"TOOL", "CLASS", "SCOPE", "WHAT IT DOES"}, rows)
}

func toolNamed(r *tool.Runner, name string) (*tool.Tool, error) {
	for _, t := range r.All() {
		if t.Name == name {
			return t, nil
		}
	}
	return nil, usageError{fmt.Errorf("there is no tool %q: \"postern tools list\" shows them", line(name))}
}

// property is an argument as a tool's schema has it.
type property struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Default     any    `json:"default"`
	Enum        []any  `json:"enum"`
	Items       *struct {
		Type string `json:"type"`
	} `json:"items"`
}

type schema struct {
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

func schemaOf(t *tool.Tool) (schema, error) {
	var s schema
	err := json.Unmarshal(t.Schema(), &s)
	return s, err
}

func (f *face) showTool(_ context.Context, _ *bridge.Bridge, r *tool.Runner, _ tool.Client, args []string) error {
	t, err := toolNamed(r, args[0])
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(rowOf(t))
	}
	s, err := schemaOf(t)
	if err != nil {
		return err
	}
	fmt.Fprintf(f.out, "%s – %s\n%s\nClass: %s", t.Name, t.Title, strings.Join(wrap(t.Description, f.width()), "\n"), t.Class)
	if t.Scope() != "" {
		fmt.Fprintf(f.out, ", scope: %s", t.Scope())
	}
	fmt.Fprint(f.out, "\n\n")
	names := make([]string, 0, len(s.Properties))
	for n := range s.Properties {
		names = append(names, n)
	}
	slices.Sort(names)
	var rows [][]string
	for _, n := range names {
		p := s.Properties[n]
		kind := p.Type
		if p.Items != nil {
			kind = p.Items.Type + "[]"
		}
		if slices.Contains(s.Required, n) {
			n += " (needed)"
		}
		text := p.Description
		if len(p.Enum) > 0 {
			text += fmt.Sprintf(" One of %v.", p.Enum)
		}
		rows = append(rows, []string{n, kind, text})
	}
	return f.table([]string{"ARGUMENT", "TYPE", ""}, rows)
}

func (f *face) callTool(ctx context.Context, b *bridge.Bridge, r *tool.Runner, c tool.Client, args []string) error {
	t, err := toolNamed(r, args[0])
	if err != nil {
		return err
	}
	raw, err := arguments(t, args[1:])
	if err != nil {
		return usageError{err}
	}
	r.Hold = 16 * time.Minute // only this process runs the call, so it waits as long as the question is open
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := make(chan struct{})
	go func() { defer close(told); f.tellWaiting(ctx, b) }()
	inv := tool.Invocation{Client: c, Tool: t.Name, Args: raw}
	if f.terminal() {
		inv.Progress = func(done, total int, message string) { f.show("%s (%d of %d)", line(message), done, total) }
	}
	out := r.Call(ctx, inv)
	cancel()
	<-told
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if err := r.Close(end); err != nil {
		return err
	}
	return f.outcome(out)
}

// tellWaiting says where the owner answers, when the call waits for that.
func (f *face) tellWaiting(ctx context.Context, b *bridge.Bridge) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pending, err := b.Queue.Pending(ctx)
		if err != nil {
			return
		}
		for _, p := range pending {
			if p.Asker.PID == os.Getpid() {
				f.show("This waits for your yes. In another terminal:\n  postern approvals show %s\n  postern approvals approve %s", p.ID, p.ID)
				return
			}
		}
	}
}

// outcome prints what a call gave.
func (f *face) outcome(out *tool.Outcome) error {
	if out.Err != nil {
		switch out.Err.Code {
		case "sign_in_again", "missing_scope", "no_profile", "approval_expired":
			return ownerMust{out.Err}
		}
		return out.Err
	}
	if f.json {
		return f.printJSON(out.Value)
	}
	_, err := fmt.Fprintln(f.out, clean(strings.TrimRight(out.Text, "\n")))
	return err
}

// arguments reads ARGUMENT=VALUE pairs, or one JSON object, as the tool's schema has them.
func arguments(t *tool.Tool, pairs []string) ([]byte, error) {
	if len(pairs) == 1 && strings.HasPrefix(strings.TrimSpace(pairs[0]), "{") {
		if !json.Valid([]byte(pairs[0])) {
			return nil, fmt.Errorf("the arguments are not valid JSON")
		}
		return []byte(pairs[0]), nil
	}
	s, err := schemaOf(t)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is no argument: write ARGUMENT=VALUE", line(pair))
		}
		p, known := s.Properties[name]
		if !known {
			return nil, fmt.Errorf("%s has no argument %q: \"postern tools show %s\" lists them", t.Name, line(name), t.Name)
		}
		v, err := p.read(value)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", name, err)
		}
		if list, again := out[name].([]any); again { // given twice: a list
			more, _ := v.([]any)
			v = append(list, more...)
		}
		out[name] = v
	}
	return json.Marshal(out)
}

// read reads a value as its type is; a list may be JSON, or one value.
func (p property) read(value string) (any, error) {
	switch p.Type {
	case "string":
		return value, nil
	case "array":
		if strings.HasPrefix(strings.TrimSpace(value), "[") {
			var list []any
			if err := json.Unmarshal([]byte(value), &list); err != nil {
				return nil, fmt.Errorf("%q is no JSON list", line(value))
			}
			return list, nil
		}
		return []any{value}, nil
	}
	var v any
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		return nil, fmt.Errorf("%q is no %s", line(value), p.Type)
	}
	return v, nil
}
