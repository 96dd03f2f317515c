package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
)

type clientsView struct{ root fyne.CanvasObject }

func newClients(w *window) *clientsView { return &clientsView{container.NewVBox()} }

func (v *clientsView) content() fyne.CanvasObject { return v.root }

func (v *clientsView) update(s desk.Snapshot) {}
