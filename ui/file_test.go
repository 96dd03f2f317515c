package ui

import "testing"

// TestFilesAreChosen: both dialogs of files come up.
func TestFilesAreChosen(t *testing.T) {
	s := usual()
	s.GoogleClient = ""
	for name, choose := range map[string]func(t *testing.T, st *stage){
		"export": func(t *testing.T, st *stage) {
			st.window.open(viewActivity)
			st.press(t, "Export…")
		},
		"client": func(t *testing.T, st *stage) {
			st.window.profiles.add()
			st.press(t, "Choose JSON file…")
		},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, s)
			before := len(st.window.Canvas().Overlays().List())
			choose(t, st)
			if now := len(st.window.Canvas().Overlays().List()); now <= before {
				t.Error("no file can be chosen")
			}
		})
	}
}
