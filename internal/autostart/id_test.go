package autostart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneID: the entry, the window and the packages have one name for the app.
func TestOneID(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "FyneApp.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `ID = "`+ID+`"`) {
		t.Errorf("FyneApp.toml does not have the ID %s", ID)
	}
}
