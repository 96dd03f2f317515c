//go:build cgo

package main

import (
	"io"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"golang.org/x/term"

	"postern/internal/autostart"
	"postern/ui"
	"postern/ui/notice"
	"postern/ui/text"
)

// unread reports whether nobody reads what is written to standard error: it is no terminal, and no pipe to a program that
// wants to know. So it is after a click in a menu, where it leads to a log or to nowhere.
func unread(errOut io.Writer) bool {
	f, ok := errOut.(*os.File)
	if !ok {
		return false
	}
	if term.IsTerminal(int(f.Fd())) {
		return false
	}
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeNamedPipe == 0 // on Windows a program of the desktop may have none at all
}

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
