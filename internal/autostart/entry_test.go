package autostart

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// TestExecKey quotes what a path may hold, as the desktop entry specification wants it.
func TestExecKey(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/bin/postern-desktop": `"/usr/bin/postern-desktop"`,
		"/home/a b/postern":        `"/home/a b/postern"`,
		`/x/a"b$c\d` + "`e":        `"/x/a\\"b\\$c\\\\d\\` + "`" + `e"`,
		"/x/100%":                  `"/x/100%%"`,
		"/x/a\nHidden=true":        `"/x/a\nHidden=true"`,
	} {
		if got := execKey(program); got != want {
			t.Errorf("%q: %s, want %s", program, got, want)
		}
		if entry := desktopEntry(program); !enabled(entry, program) || strings.Count(entry, "\n") != 8 {
			t.Errorf("%q: the entry does not start it:\n%s", program, entry)
		}
	}
}

// TestEnabled follows what desktops write when the owner switches an entry off in their settings.
func TestEnabled(t *testing.T) {
	const program = "/usr/bin/postern-desktop"
	entry := desktopEntry(program)
	for name, off := range map[string]string{
		"nothing":         "",
		"hidden":          entry + "Hidden=true\n",
		"GNOME":           strings.Replace(entry, "enabled=true", "enabled=false", 1),
		"another program": desktopEntry("/tmp/old/postern-desktop"),
		"without hidden":  strings.Replace(entry, " --hidden", "", 1),
	} {
		if enabled(off, program) {
			t.Errorf("%s: it counts as on:\n%s", name, off)
		}
	}
	if !enabled(entry+"Hidden=false\n", program) {
		t.Error("Hidden=false counts as off")
	}
}

func TestLaunchAgent(t *testing.T) {
	const program = "/Applications/A & <B>.app/Contents/MacOS/postern-desktop"
	var texts []string
	for dec := xml.NewDecoder(strings.NewReader(launchAgent(program))); ; {
		token, err := dec.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			texts = append(texts, string(text))
		}
	}
	if got, want := strings.Join(texts, "|"), "Label|"+ID+"|ProgramArguments|"+program+"|--hidden|RunAtLoad|ProcessType|Interactive"; got != want {
		t.Errorf("launchd reads %s, want %s", got, want)
	}
}

func TestRunValue(t *testing.T) {
	if got := runValue(`C:\Program Files\Postern\postern-desktop.exe`); got != `"C:\Program Files\Postern\postern-desktop.exe" --hidden` {
		t.Error(got)
	}
}
