package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
)

type settingsView struct{ root fyne.CanvasObject }

func newSettings(w *window) *settingsView { return &settingsView{container.NewVBox()} }

func (v *settingsView) content() fyne.CanvasObject { return v.root }

func (v *settingsView) update(s desk.Snapshot) {}
