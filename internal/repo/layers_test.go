package repo

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is a package as "go list" has it.
type pkg struct {
	ImportPath string
	Doc        string
	Name       string
	Dir        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

// packages lists the packages of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Name,Dir,Imports,Deps,GoFiles", "postern/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // or else the desktop app is a stub; nothing is compiled
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 15 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

func below(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
}

// bareTray is the app that the desktop app is measured beside. It is a Fyne app, and nothing else.
const bareTray = "postern/internal/bench/baretray"

// only says which packages may import a library directly. A new one is argued in its commit.
var only = map[string][]string{
	"github.com/mark3labs/mcp-go":      {"postern/server", "postern/internal/bench"},
	"github.com/zalando/go-keyring":    {"postern/auth"},
	"golang.ngrok.com/ngrok":           {"postern/tunnel", "postern/internal/ngroktest"},
	"golang.ngrok.com/muxado":          {"postern/internal/ngroktest"},
	"fyne.io/fyne/v2":                  {"postern/ui", "postern/cmd/postern-desktop", bareTray},
	"fyne.io/fyne/v2/app":              {"postern/cmd/postern-desktop", bareTray},
	"modernc.org/sqlite":               {"postern/internal/store"},
	"github.com/spf13/cobra":           {"postern/internal/cli"},
	"google.golang.org/api/gmail/v1":   {"postern/internal/workspace/gmail", "postern/internal/mail", "postern/internal/fakegoogle"},
	"postern/internal/fakegoogle/demo": {"postern/internal/bridge"},
	"postern/internal/bridge":          {"postern/internal/cli", "postern/internal/bench", "postern/cmd/postern-desktop"},
	"postern/internal/cli":             {"postern/cmd/postern"},
	"postern/internal/store":           {"postern/internal/bridge"},
	"github.com/godbus/dbus/v5":        {"postern/internal/sessionbus", "postern/internal/notify", "postern/internal/bench"},
	"postern/internal/sessionbus":      {"postern/internal/notify", "postern/cmd/postern-desktop"},
	"postern/internal/notify":          {"postern/cmd/postern-desktop"},
	"postern/internal/autostart":       {"postern/cmd/postern-desktop"},
	"postern/internal/logfile":         {"postern/cmd/postern-desktop"},
	"postern/assets/icons":             {"postern/cmd/postern-desktop", bareTray},
	"postern/internal/clientconfig":    {"postern/internal/cli", "postern/cmd/postern-desktop"},
	"github.com/tailscale/hujson":      {"postern/internal/clientconfig"},
	"github.com/BurntSushi/toml":       {"postern/internal/clientconfig"},

	// A template calls methods by names that the linker cannot see, so it keeps every method of every library: 5 MB more of
	// program, 2 to 3 MiB more of memory at the start. Web pages are made with gomponents instead.
	"html/template": {},
	"text/template": {},
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, may := range only {
				if below(imported, library) && !below(p.ImportPath, may...) && !below(p.ImportPath, library) {
					t.Errorf("%s imports %s, which only %v may", p.ImportPath, imported, may)
				}
			}
		}
	}
}

// never says what a package does not reach, not even through others.
var never = map[string][]string{
	"postern/server":             {"postern/ui", "postern/auth", "postern/tunnel", "postern/internal/workspace", "postern/internal/bridge"},
	"postern/internal/workspace": {"postern/server", "postern/auth", "postern/internal/bridge", "github.com/mark3labs/mcp-go"},
	"postern/internal/tool":      {"github.com/mark3labs/mcp-go", "github.com/zalando/go-keyring", "postern/internal/store"},
	"postern/auth":               {"postern/internal/tool", "postern/server"},
	"postern/ui":                 {"fyne.io/fyne/v2/app", "postern/internal/cli", "postern/cmd", "postern/internal/bridge", "postern/internal/store"},
	"postern/internal":           {"fyne.io/fyne/v2", "postern/ui"},
	"postern/tunnel":             {"fyne.io/fyne/v2", "postern/ui"},
	"postern/cmd/postern":        {"fyne.io/fyne/v2", "postern/ui", "postern/internal/notify", "postern/internal/sessionbus", "postern/internal/fakegoogle/discovery", "postern/internal/fakegoogle/proxy", "testing"},
}

func TestReach(t *testing.T) {
	for _, p := range packages(t) {
		for root, forbidden := range never {
			if !below(p.ImportPath, root) || p.ImportPath == bareTray {
				continue
			}
			for _, dep := range p.Deps {
				if below(dep, forbidden...) {
					t.Errorf("%s reaches %s", p.ImportPath, dep)
				}
			}
		}
	}
}
