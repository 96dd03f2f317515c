package ui

import (
	"errors"
	"fmt"
	"testing"
	"time"

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

// TestSheets holds what lies over the window to its pictures.
func TestSheets(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, st *stage){
		"lockdown": func(t *testing.T, st *stage) { st.press(t, "Lock down…") },
		"google": func(t *testing.T, st *stage) {
			st.draw(fresh())
			st.press(t, "Begin…")
		},
		"profile": func(t *testing.T, st *stage) {
			st.window.addProfile()
		},
		"browser": func(t *testing.T, st *stage) {
			st.work.spawn = func(func()) {}
			st.window.profiles.again("home")
			s := st.window.profiles.sheet
			s.waiting(desk.Step{URL: "https://accounts.google.com/o/oauth2/v2/auth?client_id=1234567890-abc.apps.googleusercontent.com&code_challenge=x", Opened: true})
		},
		"signed": func(t *testing.T, st *stage) {
			st.bridge.remarks = []string{"Calendar was not granted: its tools are not shown. Sign in again to grant it."}
			st.window.profiles.again("work")
		},
		"refused": func(t *testing.T, st *stage) {
			st.bridge.err = errors.New("signing in: Google refused (access_denied): allow it on Google's page")
			st.window.profiles.again("work")
		},
		"change": func(t *testing.T, st *stage) {
			choicesOnOffer(st.bridge)
			st.window.open(viewClients)
			st.press(t, "Change…")
		},
		"code": func(t *testing.T, st *stage) {
			st.window.views[viewShare].(*shareView).pairing.showCode(desk.PairingCode{Code: "ABCD-EFGH", Until: now.Add(10 * time.Minute)})
		},
		"failed": func(t *testing.T, st *stage) {
			st.bridge.err = errors.New("pausing: the disk is full: free some space")
			st.press(t, "Pause all access")
		},
	} {
		for v, of := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
			if v == "dark" && name != "browser" && name != "failed" {
				continue
			}
			file := fmt.Sprintf("sheet-%s-%s.png", name, v)
			t.Run(file, func(t *testing.T) {
				st := newStage(t, usual())
				st.config.Fyne.Settings().SetTheme(variant{Look(), of, nil})
				st.window.Resize(fyne.NewSize(680, 520))
				open(t, st)
				picture(t, st, file, fyne.NewSize(680, 520))
			})
		}
	}
}

// picture holds the window to a picture.
func picture(t *testing.T, st *stage, file string, size fyne.Size) {
	t.Helper()
	for range 2 { // the test canvas lays out at a new size alone, and texts wrap at the second time
		st.window.Resize(size.AddWidthHeight(1, 1))
		st.window.Resize(size)
	}
	test.AssertRendersToImage(t, file, st.window.Canvas())
}
