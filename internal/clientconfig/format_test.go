package clientconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJSONStaysAsItWas but for the entry, and is as it was when that is taken out again.
func TestJSONStaysAsItWas(t *testing.T) {
	f := jsonFile{section: "mcpServers"}
	for name, c := range map[string]struct{ before, after, again string }{
		"another server": {
			"{\n    \"a\": 1.0,\n    \"mcpServers\": {\n        \"x\": {\"command\":\"x\"}\n    }\n}\n",
			"{\n    \"a\": 1.0,\n    \"mcpServers\": {\n        \"x\": {\"command\":\"x\"},\n        \"postern\": {\n            \"command\": \"/p\",\n            \"args\": [\n                \"stdio\"\n            ]\n        }\n    }\n}\n", "",
		},
		"comments": {
			"// mine\n{\n\t// servers\n\t\"mcpServers\": {\n\t\t\"x\": {} // the last\n\t},\n}",
			"// mine\n{\n\t// servers\n\t\"mcpServers\": {\n\t\t\"x\": {}, // the last\n\t\t\"postern\": {\n\t\t\t\"command\": \"/p\",\n\t\t\t\"args\": [\n\t\t\t\t\"stdio\"\n\t\t\t]\n\t\t}\n\t},\n}", "",
		},
		"a comma at the end": {
			"{\n  \"mcpServers\": {\n    \"x\": {},\n  },\n}\n",
			"{\n  \"mcpServers\": {\n    \"x\": {},\n    \"postern\": {\n      \"command\": \"/p\",\n      \"args\": [\n        \"stdio\"\n      ]\n    },\n  },\n}\n", "",
		},
		"one line": {
			`{"z":[1,2],"mcpServers":{"x":{}}}`,
			`{"z":[1,2],"mcpServers":{"x":{},"postern":{"command":"/p","args":["stdio"]}}}`, "",
		},
		"no servers yet": {
			"{\r\n  \"theme\": \"dark\"\r\n}\r\n",
			"{\r\n  \"theme\": \"dark\",\r\n  \"mcpServers\": {\r\n    \"postern\": {\r\n      \"command\": \"/p\",\r\n      \"args\": [\r\n        \"stdio\"\r\n      ]\r\n    }\r\n  }\r\n}\r\n",
			"{\r\n  \"theme\": \"dark\",\r\n  \"mcpServers\": {}\r\n}\r\n",
		},
		"an empty file": {
			"", "{\n  \"mcpServers\": {\n    \"postern\": {\n      \"command\": \"/p\",\n      \"args\": [\n        \"stdio\"\n      ]\n    }\n  }\n}\n",
			"{\n  \"mcpServers\": {}\n}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			after, err := f.put([]byte(c.before), "/p")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, string(after)); diff != "" {
				t.Errorf("with the entry (-want +got):\n%s", diff)
			}
			if old, is, err := f.find(after, "/p"); err != nil || !is {
				t.Errorf("found: %q, %v, %v", old, is, err)
			}
			if c.again == "" {
				c.again = c.before
			}
			again, err := f.drop(after)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.again, string(again)); diff != "" {
				t.Errorf("without it again (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheEntryIsTakenOutOfTheMiddle.
func TestTheEntryIsTakenOutOfTheMiddle(t *testing.T) {
	f := jsonFile{section: "servers"}
	got, err := f.drop([]byte("{\n  \"servers\": {\n    \"a\": {}, // a\n    \"postern\": {},\n    \"b\": {}\n  }\n}\n"))
	if want := "{\n  \"servers\": {\n    \"a\": {}, // a\n    \"b\": {}\n  }\n}\n"; err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestACommandWithSigns is written so that it is read as it is.
func TestACommandWithSigns(t *testing.T) {
	const odd = `C:\Program Files\Käse & "Co" <x>\postern.exe`
	for _, f := range []format{jsonFile{section: "servers", kind: "stdio"}, tomlFile{}} {
		out, err := f.put(nil, odd)
		if err != nil {
			t.Fatal(err)
		}
		if old, is, err := f.find(out, odd); !is || err != nil {
			t.Errorf("%T: %q, %v:\n%s", f, old, err, out)
		}
		if strings.Contains(string(out), `\u00`) {
			t.Errorf("%T is not for people to read:\n%s", f, out)
		}
	}
}

func TestTOMLStaysAsItWas(t *testing.T) {
	f := tomlFile{}
	for name, before := range map[string]string{
		"empty":            "",
		"servers":          "# mine\nmodel = \"o\"\n\n[mcp_servers.x]\ncommand = \"x\"\nargs = [\n  \"[a]\",\n]\n",
		"no line's end":    "model = \"o\"",
		"lines of Windows": "model = \"o\"\r\n[profiles.x]\r\nmodel = \"p\"\r\n",
	} {
		after, err := f.put([]byte(before), "/p")
		if err != nil {
			t.Fatal(name, err)
		}
		if !strings.HasPrefix(string(after), before) {
			t.Errorf("%s: it begins otherwise:\n%s", name, after)
		}
		again, err := f.drop(after)
		if want := before; err != nil || string(again) != want && string(again) != want+"\n" {
			t.Errorf("%s: %v: %q, want %q", name, err, again, want)
		}
	}
	for _, odd := range []string{"mcp_servers = { x = { command = \"x\" } }\n", "mcp_servers.postern = { command = \"x\" }\n"} {
		if out, err := f.put([]byte(odd), "/p"); err == nil || !strings.Contains(err.Error(), "by hand") {
			t.Errorf("%s becomes %s, %v", odd, out, err)
		}
	}
	if old, is, err := f.find([]byte("mcp_servers.postern = { command = \"x\" }\n"), "/p"); old == "" || is || err != nil {
		t.Errorf("%q, %v, %v", old, is, err)
	}
}
