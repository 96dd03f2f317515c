//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The desktop on Wayland: sway with a panel at the lower edge that has nothing but a tray. A window lies where it wants
// to, not in a tile.
const (
	swayConfig = `output HEADLESS-1 resolution %dx%d
xwayland disable
for_window [app_id=".*"] floating enable
`
	waybarConfig = `{"layer": "top", "position": "bottom", "height": 30, "modules-right": ["tray"]}`
)

// swaySeat is a display of Wayland, run by sway.
type swaySeat struct {
	env  []string
	hand *hand
}

// asRoot lets sway run as root, which it refuses as long as it could become root again: it tries, and hears that it cannot.
// In the machine of a test root may be all that there is.
const asRoot = `int setuid(unsigned uid) { return -1; }
int setgid(unsigned gid) { return -1; }
`

// preload is the environment in which sway runs as root; nothing for anybody else.
func preload(t *testing.T, dir string) []string {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	source, library := filepath.Join(dir, "root.c"), filepath.Join(dir, "root.so")
	if err := os.WriteFile(source, []byte(asRoot), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(needs(t, "gcc"), "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		t.Fatalf("building what lets sway run as root: %v\n%s", err, out)
	}
	return []string{"LD_PRELOAD=" + library}
}

// startSway starts sway and waybar, which finds the session bus in bus.
func startSway(t *testing.T, bus string) *screen {
	t.Helper()
	sway, bar := needs(t, "sway"), needs(t, "waybar")
	seat, home := swaySeat{}, t.TempDir()
	for name, content := range map[string]string{"sway": fmt.Sprintf(swayConfig, screenWidth, screenHeight), "waybar": waybarConfig, "style": "* { font-size: 10px }"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seat.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "DBUS_SESSION_BUS_ADDRESS=" + bus, "LANG=C.UTF-8", "NO_AT_BRIDGE=1",
		"WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "GSETTINGS_BACKEND=memory"}
	s := &screen{t: t}
	compositor := seat.command(sway, "-c", filepath.Join(home, "sway"))
	compositor.Env = append(compositor.Env, preload(t, home)...)
	s.start(compositor)
	find := func(what, pattern string) (path string) {
		s.wait(what, func() bool {
			all, err := filepath.Glob(filepath.Join(home, pattern))
			if err != nil || len(all) == 0 {
				return false
			}
			path = all[0]
			return true
		})
		return path
	}
	display, socket := find("sway's display", "wayland-[0-9]"), find("sway's socket", "sway-ipc.*.sock")
	seat.env = append(seat.env, "WAYLAND_DISPLAY="+display, "SWAYSOCK="+socket)
	h, err := newHand(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.conn.Close() })
	seat.hand = h
	s.seat, s.env = seat, []string{"WAYLAND_DISPLAY=" + display}
	s.start(seat.command(bar, "-c", filepath.Join(home, "waybar"), "-s", filepath.Join(home, "style")))
	return s
}

func (s swaySeat) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.env
	return cmd
}

// node is a part of what sway shows.
type node struct {
	ID       int
	Name     string
	Visible  bool
	Rect     struct{ X, Y, Width, Height int }
	Window   struct{ X, Y int } `json:"window_rect"` // what the app draws, within Rect
	Nodes    []node
	Floating []node `json:"floating_nodes"`
}

func (n node) all() []node {
	all := []node{n}
	for _, child := range append(n.Nodes, n.Floating...) {
		all = append(all, child.all()...)
	}
	return all
}

// nodes are all that is shown.
func (s swaySeat) nodes() []node {
	out, err := s.command("swaymsg", "-r", "-t", "get_tree").Output()
	var root node
	if err != nil || json.Unmarshal(out, &root) != nil {
		return nil
	}
	return root.all()
}

func (s swaySeat) find(title string) string {
	fits := regexp.MustCompile(title)
	for _, n := range s.nodes() {
		if n.Visible && fits.MatchString(n.Name) {
			return fmt.Sprint(n.ID)
		}
	}
	return ""
}

// tell gives sway an order.
func (s swaySeat) tell(order string) error {
	if out, err := s.command("swaymsg", order).CombinedOutput(); err != nil {
		return fmt.Errorf("swaymsg %s: %w %s", order, err, out)
	}
	return nil
}

func (s swaySeat) click(window string, x, y int) error {
	for _, n := range s.nodes() {
		if fmt.Sprint(n.ID) == window {
			return s.hand.click(n.Rect.X+n.Window.X+x, n.Rect.Y+n.Window.Y+y)
		}
	}
	return fmt.Errorf("there is no window %s", window)
}

func (s swaySeat) close(window string) error { return s.tell("[con_id=" + window + "] kill") }

func (s swaySeat) key(window, key string) error {
	keys := map[string][2]uint32{"Escape": {keyEscape}, "Tab": {keyTab}, "Return": {keyEnter}, "ctrl+a": {30, ctrl}}
	k, ok := keys[key]
	if !ok {
		return errors.New("no key " + key)
	}
	return errors.Join(s.focus(window), s.hand.press(k[0], k[1]))
}

func (s swaySeat) write(window, text string) error {
	return errors.Join(s.focus(window), s.hand.write(text))
}

// focus gives a window the keyboard; "" leaves it where it is.
func (s swaySeat) focus(window string) error {
	if window == "" {
		return nil
	}
	return s.tell("[con_id=" + window + "] focus")
}

func (s swaySeat) picture(path string) error {
	out, err := s.command("grim", "-").Output()
	if err != nil {
		return err
	}
	return os.WriteFile(path, out, 0o600)
}
