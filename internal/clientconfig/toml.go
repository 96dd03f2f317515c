package clientconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// tomlFile keeps servers as tables below mcp_servers. A table is added at the end; a parser checks that nothing else has
// changed.
type tomlFile struct{}

// largestTOML is the most bytes that such a file may have: the parser goes down level by level into what is nested.
const largestTOML = 256 << 10

// tomlServers is the table of all servers.
const tomlServers = "mcp_servers"

func (tomlFile) entry(command string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b) // such a string is one of TOML's, too
	e.SetEscapeHTML(false)
	if err := e.Encode(command); err != nil { // never: it is a string
		return ""
	}
	return fmt.Sprintf("[%s.%s]\ncommand = %s\nargs = [\"stdio\"]", tomlServers, Name, strings.TrimSpace(b.String()))
}

func (f tomlFile) find(data []byte, command string) (old string, is bool, err error) {
	all, err := decode(data)
	if err != nil {
		return "", false, err
	}
	servers, ok := all[tomlServers].(map[string]any)
	if !ok && all[tomlServers] != nil {
		return "", false, fmt.Errorf("%q in the file is no table: mend it first", tomlServers)
	}
	one, ok := servers[Name]
	if !ok {
		return "", false, nil
	}
	if table, ok := one.(map[string]any); ok {
		is = table["command"] == command && reflect.DeepEqual(table["args"], []any{"stdio"})
	}
	if old = strings.TrimSpace(string(f.written(data))); old == "" {
		old = fmt.Sprintf("%s.%s = …", tomlServers, Name)
	}
	return old, is, nil
}

func (f tomlFile) put(data []byte, command string) ([]byte, error) {
	rest, err := f.drop(data)
	if err != nil {
		return nil, err
	}
	newline := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		newline = "\r\n"
	}
	if inline.Match(rest) { // a parser may take a table below such a one, but TOML does not
		return nil, errByHand
	}
	out := slices.Clone(rest)
	if len(bytes.TrimSpace(out)) > 0 {
		if !bytes.HasSuffix(out, []byte("\n")) {
			out = append(out, newline...)
		}
		out = append(out, newline...)
	}
	out = append(out, strings.ReplaceAll(f.entry(command)+"\n", "\n", newline)...)
	return out, f.same(rest, out)
}

// drop takes out the table, and those below it that stand elsewhere.
func (f tomlFile) drop(data []byte) ([]byte, error) {
	for {
		rest, err := f.dropFirst(data)
		if err != nil || bytes.Equal(rest, data) {
			return rest, err
		}
		data = rest
	}
}

func (f tomlFile) dropFirst(data []byte) ([]byte, error) {
	if _, err := decode(data); err != nil {
		return nil, err
	}
	cut := f.written(data)
	if len(cut) == 0 {
		return data, f.same(data, data)
	}
	i := bytes.Index(data, cut)
	before, after := data[:i], data[i+len(cut):]
	for _, blank := range []string{"\r\n\r\n", "\n\n"} { // the empty line that was put before it
		if bytes.HasSuffix(before, []byte(blank)) && (len(after) == 0 || bytes.HasPrefix(after, []byte(blank[len(blank)/2:]))) {
			before = before[:len(before)-len(blank)/2]
			break
		}
	}
	out := append(slices.Clone(before), after...)
	return out, f.same(data, out)
}

// headers begin the tables of the entry, and those of others.
var (
	ownHeader = regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*"?mcp_servers"?[ \t]*\.[ \t]*"?postern"?[ \t]*(\.[^\]\n]*)?\]`)
	anyHeader = regexp.MustCompile(`(?m)^[ \t]*\[`)
	inline    = regexp.MustCompile(`(?m)^[ \t]*"?mcp_servers"?[ \t]*=`)
)

var errByHand = errors.New("the file keeps its servers in a form that Postern does not change: add the entry by hand")

// written is the entry as it stands in the file: its table, and the tables below it that follow. It is empty if it stands
// there in another form, or does not.
func (tomlFile) written(data []byte) []byte {
	from := ownHeader.FindIndex(data)
	if from == nil {
		return nil
	}
	end := from[1]
	for {
		next := anyHeader.FindIndex(data[end:])
		if next == nil {
			return withoutEnd(data[from[0]:])
		}
		own := ownHeader.FindIndex(data[end:])
		if own == nil || own[0] != next[0] {
			return withoutEnd(data[from[0] : end+next[0]])
		}
		end += own[1]
	}
}

// withoutEnd leaves out the empty lines and comments at the end: they belong to what follows.
func withoutEnd(table []byte) []byte {
	for at := len(table); at > 0; {
		begin := bytes.LastIndexByte(table[:at-1], '\n') + 1
		if line := bytes.TrimSpace(table[begin:at]); len(line) > 0 && line[0] != '#' {
			return table[:at]
		}
		at = begin
	}
	return table
}

// same wants two files to hold the same but for the entry.
func (tomlFile) same(before, after []byte) error {
	var all [2]map[string]any
	for i, data := range [][]byte{before, after} {
		var err error
		if all[i], err = decode(data); err != nil {
			return fmt.Errorf("the entry cannot be kept in this file as it is written: change it by hand")
		}
		if servers, ok := all[i][tomlServers].(map[string]any); ok {
			if i == 1 && bytes.Equal(before, after) && servers[Name] != nil {
				return fmt.Errorf("the entry stands in the file in a form that Postern does not know: change it by hand")
			}
			delete(servers, Name)
			if len(servers) == 0 {
				delete(all[i], tomlServers)
			}
		}
	}
	if !reflect.DeepEqual(all[0], all[1]) {
		return fmt.Errorf("the entry cannot be changed without changing others: change it by hand")
	}
	return nil
}

func decode(data []byte) (map[string]any, error) {
	all := map[string]any{}
	if len(data) > largestTOML {
		return nil, fmt.Errorf("the file is too large to be a configuration")
	}
	if _, err := toml.Decode(string(data), &all); err != nil {
		return nil, fmt.Errorf("the file is no valid TOML (%s): mend it first", strings.TrimPrefix(err.Error(), "toml: "))
	}
	return all, nil
}
