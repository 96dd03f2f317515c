package icons

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"testing"
)

// TestEveryStateHasAnIcon in every form and size that there must be.
func TestEveryStateHasAnIcon(t *testing.T) {
	picture(t, "app", App(), 256)
	for _, s := range States() {
		picture(t, "tray "+string(s), Tray(s), 48)
		if len(Template(s)) == 0 {
			t.Errorf("template %s is empty", s)
		}
		for dec := xml.NewDecoder(bytes.NewReader(Template(s))); ; {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("template %s: %v", s, err)
				break
			}
		}
		for _, size := range []int{22, 24, 32, 48, 64, 256} {
			name := fmt.Sprintf("tray-%s-%d.png", s, size)
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			picture(t, name, b, size)
		}
	}
}

func picture(t *testing.T, name string, b []byte, size int) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if got := img.Bounds().Size(); got != image.Pt(size, size) {
		t.Errorf("%s: %v, want %d", name, got, size)
	}
	return img
}

// TestIconsReadOnAnyPanel: the wall stands out from a white and from a black panel (WCAG asks 3:1 of graphics), and no
// two states can be confused by somebody who sees no colours.
func TestIconsReadOnAnyPanel(t *testing.T) {
	grey := map[State]*image.Gray{}
	for _, s := range States() {
		img := picture(t, string(s), Tray(s), 48)
		// The left pillar, which no badge covers.
		wall := luminance(img.At(8, 30))
		if white, black := 1.05/(wall+0.05), (wall+0.05)/0.05; white < 3 || black < 3 {
			t.Errorf("%s: contrast %.1f on white, %.1f on black", s, white, black)
		}
		if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
			t.Errorf("%s: the corner is not transparent", s)
		}
		g := image.NewGray(img.Bounds())
		for y := range 48 {
			for x := range 48 {
				g.Set(x, y, img.At(x, y))
			}
		}
		grey[s] = g
	}
	for i, a := range States() {
		for _, b := range States()[i+1:] {
			differ := 0
			for y := range 48 {
				for x := range 48 {
					if d := int(grey[a].GrayAt(x, y).Y) - int(grey[b].GrayAt(x, y).Y); d > 40 || d < -40 {
						differ++
					}
				}
			}
			if differ < 48*48/20 {
				t.Errorf("%s and %s differ in %d pixels", a, b, differ)
			}
		}
	}
}

// luminance is that of WCAG.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		// A gamma of 2.2 is near enough.
		x := float64(v) / 0xffff
		return x * x
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}
