package autostart

import (
	"fmt"
	"strings"
)

// desktopEntry is an autostart entry, see https://specifications.freedesktop.org/autostart-spec.
func desktopEntry(program string) string {
	return `[Desktop Entry]
Type=Application
Name=Postern
Comment=A private side door to your Google Workspace for AI assistants
Exec=` + execKey(program) + " " + hidden + `
Icon=postern
Terminal=false
X-GNOME-Autostart-enabled=true
`
}

// execKey quotes a program for the key Exec: once as an argument and once as a string of the file.
func execKey(program string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(program)
	quoted = strings.ReplaceAll(quoted, "%", "%%")
	return `"` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(quoted) + `"`
}

// enabled reports whether a desktop entry starts the program. Desktops switch it off by one of these keys.
func enabled(entry, program string) bool {
	starts := false
	for line := range strings.Lines(entry) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch strings.TrimSpace(key) {
		case "Hidden":
			if strings.TrimSpace(value) == "true" {
				return false
			}
		case "X-GNOME-Autostart-enabled":
			if strings.TrimSpace(value) == "false" {
				return false
			}
		case "Exec":
			starts = strings.TrimSpace(value) == execKey(program)+" "+hidden
		}
	}
	return starts
}

// launchAgent is a property list for launchd, see launchd.plist(5).
func launchAgent(program string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>%s</string>
	<key>ProgramArguments</key>
	<array>
		<string>%s</string>
		<string>%s</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
`, ID, xmlText(program), hidden)
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// runValue is the command line in the registry's key Run. No file name of Windows has a quotation mark.
func runValue(program string) string { return `"` + program + `" ` + hidden }
