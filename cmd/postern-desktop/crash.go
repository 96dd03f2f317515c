//go:build cgo && probe

package main

import (
	"os"
	"os/signal"
	"syscall"

	"fyne.io/fyne/v2"
)

// hang is the environment variable with which the window's end never comes, as it happens to Fyne by chance.
const hang = "POSTERN_TEST_HANG"

// breakWhenAsked crashes the window at SIGUSR1, so that a test sees what becomes of the rest.
func breakWhenAsked() {
	if os.Getenv(hang) != "" {
		fyne.CurrentApp().Lifecycle().SetOnStopped(func() { select {} })
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		<-asked
		fyne.Do(func() { panic("as the test wanted") })
	}()
}
