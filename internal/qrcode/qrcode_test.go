package qrcode

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

const address = "https://postern-test.ngrok-free.dev/mcp"

// TestDrawings: each drawing has the same modules, black where the code is, with white around them.
func TestDrawings(t *testing.T) {
	c, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	scale := img.Bounds().Dx() / c.Size()
	lines := strings.Split(strings.NewReplacer("\x1b[30;47m", "", "\x1b[0m", "").Replace(c.Terminal()), "\n")
	svg, black := string(c.SVG()), 0
	for y := range c.Size() {
		row := []rune(lines[y/2])
		for x := range c.Size() {
			want := c.Black(x, y)
			if want {
				black++
			}
			if edge := x < 4 || y < 4 || x >= c.Size()-4 || y >= c.Size()-4; edge && want {
				t.Fatalf("the white around it has a black module at %d, %d", x, y)
			}
			if r, _, _, _ := img.At(x*scale+scale/2, y*scale+scale/2).RGBA(); (r == 0) != want {
				t.Fatalf("the PNG is wrong at %d, %d", x, y)
			}
			shown := row[x] == '█' || y%2 == 0 && row[x] == '▀' || y%2 == 1 && row[x] == '▄'
			if shown != want {
				t.Fatalf("the terminal is wrong at %d, %d", x, y)
			}
		}
	}
	if got := strings.Count(svg, "h1v1h-1z"); got != black || black < 100 {
		t.Errorf("the SVG has %d black modules, the code %d", got, black)
	}
}

func TestTooLong(t *testing.T) {
	if _, err := New("https://" + strings.Repeat("x", 4000)); err == nil {
		t.Error("a text of 4000 letters has a code")
	}
}
