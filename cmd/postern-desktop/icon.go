//go:build cgo

package main

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"postern/assets/icons"
	"postern/ui"
)

func appIcon() fyne.Resource { return fyne.NewStaticResource("postern.png", icons.App()) }

func trayIcons() ui.Icons {
	return ui.Icons{Idle: trayIcon(icons.Idle), Shared: trayIcon(icons.Shared), Trouble: trayIcon(icons.Trouble), Waiting: trayIcon(icons.Waiting)}
}

// trayIcon is a picture in two tones, or on macOS one that the system colours as the menu bar needs it.
func trayIcon(s icons.State) fyne.Resource {
	if runtime.GOOS == "darwin" {
		return theme.NewThemedResource(fyne.NewStaticResource("tray-"+string(s)+".svg", icons.Template(s)))
	}
	return fyne.NewStaticResource("tray-"+string(s)+".png", icons.Tray(s))
}
