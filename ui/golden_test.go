package ui

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/desk"
)

// TestPages holds every page to its picture, in light and dark.
func TestPages(t *testing.T) {
	pages := []string{"status", "profiles", "clients", "activity", "share", "settings"}
	scenes := map[string]desk.Snapshot{"fresh": fresh(), "usual": usual(), "asked": asked(), "shared": shared(), "hostile": hostile(), "rtl": foreign()}
	for scene, shown := range map[string][]int{
		"fresh":   {viewStatus, viewProfiles, viewClients, viewActivity, viewShare},
		"usual":   {viewStatus, viewProfiles, viewClients, viewActivity, viewShare, viewSettings},
		"asked":   {viewStatus, viewClients},
		"shared":  {viewStatus, viewShare},
		"hostile": {viewStatus, viewProfiles, viewClients, viewActivity},
		"rtl":     {viewClients, viewActivity},
	} {
		for _, i := range shown {
			for v, of := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
				if v == "dark" && scene != "usual" && scene != "shared" {
					continue
				}
				var font fyne.Resource
				if scene == "rtl" {
					font = theme.DefaultTextMonospaceFont() // the one that comes with Fyne and has Arabic
				}
				file := fmt.Sprintf("%s-%s-%s.png", pages[i], scene, v)
				t.Run(file, func(t *testing.T) {
					st := newStage(t, scenes[scene])
					st.config.Fyne.Settings().SetTheme(variant{Look(), of, font})
					st.bridge.entries = scenes[scene].Recent
					st.window.open(i)
					picture(t, st, file, fyne.NewSize(800, 560))
				})
			}
		}
	}
}

// picture holds the window to a picture.
func picture(t *testing.T, st *stage, file string, size fyne.Size) {
	t.Helper()
	st.window.Resize(size)
	test.AssertRendersToImage(t, file, st.window.Canvas())
}
