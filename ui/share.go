package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
)

type shareView struct{ root fyne.CanvasObject }

func newShare(w *window) *shareView { return &shareView{container.NewVBox()} }

func (v *shareView) content() fyne.CanvasObject { return v.root }

func (v *shareView) update(s desk.Snapshot) {}
