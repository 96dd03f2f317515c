package ui

import (
	"fmt"
	"os"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/picture"
	"postern/tunnel"
	"postern/ui/text"
)

// variants are the two looks of the desktop.
var variants = map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}

// pages are the window's, as files are named for them.
var pages = []string{"status", "profiles", "clients", "activity", "share", "settings"}

// TestPages holds every page to its picture, in light and dark.
func TestPages(t *testing.T) {
	all := []int{viewStatus, viewProfiles, viewClients, viewActivity, viewShare, viewSettings}
	for _, scene := range []struct {
		name string
		of   desk.Snapshot
		on   []int
	}{
		{"fresh", fresh(), all[:5]},
		{"usual", usual(), all},
		{"asked", asked(), []int{viewStatus, viewClients, viewShare}},
		{"shared", shared(), []int{viewStatus, viewShare}},
		{"hostile", hostile(), all},
		{"rtl", foreign(), all},
		{"starting", desk.Snapshot{At: now}, all[:1]},
		{"passphrase", desk.Snapshot{At: now, Vault: desk.Vault{Asked: true}}, all[:1]},
		{"locked", locked(), all[:1]},
		{"nokeychain", bare(), all[:1]},
		{"trouble", troubled(), all[:1]},
		{"paused", paused(), all[:1]},
		{"lockdown", lockedDown(), []int{viewStatus, viewShare}},
	} {
		for _, i := range scene.on {
			for v, of := range variants {
				file := fmt.Sprintf("%s-%s-%s.png", pages[i], scene.name, v)
				t.Run(file, func(t *testing.T) {
					var font fyne.Resource
					if scene.name == "rtl" {
						font = theme.DefaultTextMonospaceFont() // the one that comes with Fyne and has Arabic
					}
					st := newStageIn(t, scene.of, variant{Look(), of, font})
					st.bridge.entries = scene.of.Recent
					if scene.name == "fresh" {
						st.apps.all[0].Connected = false
						st.window.views[viewStatus].(*statusView).apps.look()
					}
					st.window.open(i)
					st.looks(t, file, fyne.NewSize(760, 520))
				})
			}
		}
	}
}

// TestStates holds what a page shows besides its scenes to pictures.
func TestStates(t *testing.T) {
	for _, state := range states() {
		for v, of := range variants {
			file := fmt.Sprintf("%s-%s.png", state.name, v)
			t.Run(file, func(t *testing.T) {
				st := newStageIn(t, usual(), variant{Look(), of, nil})
				st.bridge.entries = usual().Recent
				size := state.size
				if size.IsZero() {
					size = fyne.NewSize(640, 480)
				}
				st.window.Resize(size)
				state.open(t, st)
				st.looks(t, file, size)
			})
		}
	}
}

// TestGerman holds each page in the other language to its picture: words are longer there.
func TestGerman(t *testing.T) {
	speak(t, "de_DE.UTF-8")
	for i, page := range pages {
		file := page + "-de.png"
		t.Run(file, func(t *testing.T) {
			st := newStage(t, asked())
			st.bridge.entries = []activity.Entry{{Seq: 9, At: now, Event: activity.Cleared, Outcome: activity.OK}}
			st.window.open(i)
			st.looks(t, file, fyne.NewSize(760, 520))
		})
	}
}

// TestNarrow holds pages to their pictures in a window that is as narrow as it can be.
func TestNarrow(t *testing.T) {
	for i, page := range pages {
		file := page + "-narrow.png"
		t.Run(file, func(t *testing.T) {
			st := newStage(t, usual())
			st.bridge.entries = usual().Recent
			st.window.open(i)
			least := st.window.Content().MinSize()
			if least.Width > 660 {
				t.Errorf("it cannot be narrower than %v", least)
			}
			st.looks(t, file, fyne.NewSize(least.Width, 560))
		})
	}
}

// TestSharingElsewhere holds the page Share to its pictures in the other language, and in a narrow window.
func TestSharingElsewhere(t *testing.T) {
	near := shared()
	near.Tunnel.Requests = 17_950
	for _, c := range []struct {
		file, locale string
		of           desk.Snapshot
		width        float32
	}{
		{"share-shared-de.png", "de_DE.UTF-8", near, 760},
		{"share-fresh-de.png", "de_DE.UTF-8", fresh(), 760},
		{"share-failed-de.png", "de_DE.UTF-8", tunnelled(tunnel.Failed, "ERR_NGROK_107", noToken), 760},
		{"share-shared-narrow.png", "en_GB.UTF-8", near, 0},
		{"share-fresh-narrow.png", "en_GB.UTF-8", fresh(), 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			speak(t, c.locale)
			st := newStage(t, c.of)
			st.window.open(viewShare)
			least := st.window.Content().MinSize().Width
			if least > 660 {
				t.Errorf("it cannot be narrower than %v", least)
			}
			st.looks(t, c.file, fyne.NewSize(max(c.width, least), 860))
		})
	}
}

// TestTwiceAsLarge holds a page to its picture on a screen of 200 %.
func TestTwiceAsLarge(t *testing.T) {
	st := newStage(t, usual())
	st.window.Canvas().(interface{ SetScale(float32) }).SetScale(2)
	st.looks(t, "status-twice.png", fyne.NewSize(520, 400))
}

// looks holds the window to a picture.
func (st *stage) looks(t *testing.T, file string, size fyne.Size) {
	t.Helper()
	for range 2 { // the test canvas lays out at a new size alone, and texts wrap at the second time
		st.window.Resize(size.AddWidthHeight(1, 1))
		st.window.Resize(size)
	}
	picture.Same(t, file, st.window.Canvas().Capture())
}

// speak makes a language that of a test.
func speak(t *testing.T, locale string) {
	t.Helper()
	load := func(locale string) {
		for _, v := range []string{"LANGUAGE", "LC_ALL", "LANG"} {
			os.Setenv(v, locale)
		}
		if err := text.Load(); err != nil {
			t.Fatal(err)
		}
	}
	load(locale)
	t.Cleanup(func() { load("en_GB.UTF-8") })
}
