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
	"syscall"
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
	as   *syscall.Credential
	hand *hand
}

// waylandUser is who runs sway, which does not run as root; nil is who runs the test.
func waylandUser() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	const somebody = 1000
	return &syscall.Credential{Uid: somebody, Gid: somebody, NoSetGroups: true}
}

// startSway starts sway and waybar, which finds the session bus in bus.
func startSway(t *testing.T, bus string) *screen {
	t.Helper()
	sway, bar := needs(t, "sway"), needs(t, "waybar")
	seat := swaySeat{as: waylandUser()}
	home := folderOf(t, seat.as)
	for name, content := range map[string]string{"sway": fmt.Sprintf(swayConfig, screenWidth, screenHeight), "waybar": waybarConfig, "style": "* { font-size: 10px }"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seat.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "DBUS_SESSION_BUS_ADDRESS=" + bus, "LANG=C.UTF-8", "NO_AT_BRIDGE=1",
		"WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "GSETTINGS_BACKEND=memory"}
	s := &screen{t: t}
	s.start(seat.command(sway, "-c", filepath.Join(home, "sway")))
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

// folderOf is a new folder of another user's, who cannot enter those of the test.
func folderOf(t *testing.T, user *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if user != nil {
		if err := os.Chown(dir, int(user.Uid), int(user.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (s swaySeat) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.SysProcAttr = s.env, &syscall.SysProcAttr{Credential: s.as}
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
