//go:build cgo

package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"postern/internal/autostart"
	"postern/ui"
	"postern/ui/notice"
	"postern/ui/text"
)

// showProblem says in a window why the app cannot start, until the owner has closed it. Where no window can be had either,
// it does nothing: the sentence stands on standard error.
func showProblem(problem error) {
	defer func() { _ = recover() }() // the library panics without a screen that it can use
	cacheFolder()
	app.SetMetadata(fyne.AppMetadata{ID: autostart.ID, Name: "Postern", Version: version(), Build: 1, Icon: appIcon(), Migrations: map[string]bool{"fyneDo": true}})
	a := app.NewWithID(autostart.ID)
	a.SetIcon(appIcon())
	if text.Load() != nil {
		return
	}
	a.Settings().SetTheme(ui.Look())
	notice.Show(a, problem.Error(), a.Quit)
	a.Run()
}
