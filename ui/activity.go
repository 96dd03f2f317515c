package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"postern/internal/desk"
)

type activityView struct{ root fyne.CanvasObject }

func newActivity(w *window) *activityView { return &activityView{container.NewVBox()} }

func (v *activityView) content() fyne.CanvasObject { return v.root }

func (v *activityView) update(s desk.Snapshot) {}
