//go:build cgo

package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

func main() {
	app.SetMetadata(fyne.AppMetadata{ID: "postern.bench.baretray", Name: "Bare", Migrations: map[string]bool{"fyneDo": true}})
	a := app.NewWithID("postern.bench.baretray")
	w := a.NewWindow("Bare")
	w.SetContent(widget.NewLabel("Nothing"))
	w.SetCloseIntercept(w.Hide)
	quit := fyne.NewMenuItem("Quit", a.Quit)
	quit.IsQuit = true
	if tray, ok := a.(desktop.App); ok {
		tray.SetSystemTrayIcon(theme.ComputerIcon())
		tray.SetSystemTrayMenu(fyne.NewMenu("", fyne.NewMenuItem("Open", w.Show), quit))
	}
	a.Run()
}
