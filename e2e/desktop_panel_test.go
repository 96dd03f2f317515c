//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// panelConfig is a panel at the lower edge with nothing but the tray in it.
const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=10;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
`

// startPanel starts the panel of Xfce, whose tray shows the icons of apps.
func (a *app) startPanel(session []string) {
	a.t.Helper()
	program := needs(a.t, "xfce4-panel")
	needs(a.t, "xfconf-query")
	config := filepath.Join(variable(session, "HOME"), ".config", "xfce4", "xfconf", "xfce-perchannel-xml")
	if err := os.MkdirAll(config, 0o700); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "xfce4-panel.xml"), []byte(panelConfig), 0o600); err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.Command(program, "--disable-wm-check")
	cmd.Env = append(slices.Clone(session), "PATH="+os.Getenv("PATH"), "GDK_BACKEND=x11", "LANG=C.UTF-8", "NO_AT_BRIDGE=1")
	a.screen.start(cmd)
}

// isInTray waits until the tray of the desktop shows the icon of the app.
func (a *app) isInTray() {
	a.t.Helper()
	a.screen.wait("the icon in the tray", func() bool {
		name, err := a.tray.owner(fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", a.cmd.Process.Pid))
		if err != nil {
			return false
		}
		all, err := a.tray.icons()
		return err == nil && slices.ContainsFunc(all, func(i string) bool { return strings.HasPrefix(i, name+"/") })
	})
}
