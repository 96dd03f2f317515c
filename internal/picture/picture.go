// Package picture holds what windows look like to pictures that are kept. It is for tests.
package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Same compares a picture with testdata/name. If they differ, the new one is written into testdata/failed, to be looked at.
func Same(t *testing.T, name string, img image.Image) {
	t.Helper()
	got := small(img)
	if want, err := os.ReadFile(filepath.Join("testdata", name)); err == nil {
		if kept, err := png.Decode(bytes.NewReader(want)); err == nil && kept.Bounds() == got.Bounds() && bytes.Equal(pixels(kept), pixels(got)) {
			return
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
		t.Fatal(err)
	}
	failed := filepath.Join("testdata", "failed", name)
	if err := os.MkdirAll(filepath.Dir(failed), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(failed, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("it does not look like testdata/%s: see %s", name, failed)
}

// small keeps of a picture what the eye needs: 32 steps of each colour, or 16, if a palette is enough for that. A picture
// is a third as large then.
func small(img image.Image) image.Image {
	size := img.Bounds()
	full := image.NewNRGBA(size)
	draw.Draw(full, size, img, size.Min, draw.Src)
	for _, keep := range []byte{3, 4} {
		if out := palette(full, keep); out != nil {
			return out
		}
	}
	return full
}

// palette rounds colours by so many bits. It returns nil if they are too many for a palette.
func palette(full *image.NRGBA, bits byte) image.Image {
	round := func(c [4]byte) [4]byte {
		for i := range c {
			c[i] = c[i]>>bits<<bits | c[i]>>(8-bits)
		}
		return c
	}
	index := map[[4]byte]int{}
	for i := 0; i < len(full.Pix); i += 4 {
		index[round([4]byte(full.Pix[i:]))] = 0
	}
	if len(index) > 256 {
		return nil
	}
	out := image.NewPaletted(full.Rect, nil)
	for i, c := range slices.SortedFunc(maps.Keys(index), func(a, b [4]byte) int { return bytes.Compare(a[:], b[:]) }) {
		index[c] = i
		out.Palette = append(out.Palette, color.NRGBA{c[0], c[1], c[2], c[3]})
	}
	for i := range out.Pix {
		out.Pix[i] = uint8(index[round([4]byte(full.Pix[4*i:]))])
	}
	return out
}

func pixels(img image.Image) []byte {
	out := image.NewNRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out.Pix
}
