//go:build cgo

package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"postern/assets/icons"
)

func main() {
	icon := fyne.NewStaticResource("icon.png", icons.App())
	app.SetMetadata(fyne.AppMetadata{ID: "postern.bench.baretray", Name: "Bare", Icon: icon, Migrations: map[string]bool{"fyneDo": true}})
	a := app.NewWithID("postern.bench.baretray")
	a.SetIcon(icon)
	w := a.NewWindow("Bare")
	w.SetContent(widget.NewLabel("Nothing"))
	w.SetCloseIntercept(w.Hide)
	quit := fyne.NewMenuItem("Quit", a.Quit)
	quit.IsQuit = true
	if tray, ok := a.(desktop.App); ok {
		tray.SetSystemTrayIcon(fyne.NewStaticResource("tray.png", icons.Tray(icons.Idle)))
		tray.SetSystemTrayMenu(fyne.NewMenu("", fyne.NewMenuItem("Open", w.Show), quit))
	}
	a.Run()
}
