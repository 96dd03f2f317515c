//go:build cgo && probe

package main

import (
	"os"
	"os/signal"
	"syscall"

	"fyne.io/fyne/v2"
)

// breakWhenAsked crashes the window at SIGUSR1, so that a test sees what becomes of the rest.
func breakWhenAsked() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		<-asked
		fyne.Do(func() { panic("as the test wanted") })
	}()
}
