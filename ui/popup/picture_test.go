package popup

import (
	"bytes"
	"cmp"
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

// looks compares a picture with the one that is kept in testdata. If they differ, the new one is written into
// testdata/failed, to be looked at.
func looks(t *testing.T, name string, img image.Image) {
	t.Helper()
	got := small(img)
	want, err := os.ReadFile(filepath.Join("testdata", name+".png"))
	if err == nil {
		kept, err := png.Decode(bytes.NewReader(want))
		if err == nil && same(kept, got) {
			return
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
		t.Fatal(err)
	}
	failed := filepath.Join("testdata", "failed", name+".png")
	if err := os.MkdirAll(filepath.Dir(failed), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(failed, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("it does not look like testdata/%s.png: see %s", name, failed)
}

// small keeps of a picture what the eye needs: 32 steps of each colour, and of those the 256 that are seen most, in a
// palette. A picture is a third as large then.
func small(img image.Image) image.Image {
	size := img.Bounds()
	full := image.NewNRGBA(size)
	draw.Draw(full, size, img, size.Min, draw.Src)
	seen := map[[4]byte]int{}
	for i := 0; i < len(full.Pix); i += 4 {
		for j := i; j < i+4; j++ {
			full.Pix[j] = full.Pix[j]&^7 | full.Pix[j]>>5
		}
		seen[[4]byte(full.Pix[i:])]++
	}
	colours := slices.SortedFunc(maps.Keys(seen), func(a, b [4]byte) int {
		return cmp.Or(seen[b]-seen[a], bytes.Compare(a[:], b[:]))
	})
	out := image.NewPaletted(size, nil)
	index := map[[4]byte]uint8{}
	for i, c := range colours {
		one := color.NRGBA{c[0], c[1], c[2], c[3]}
		if i < 256 {
			out.Palette = append(out.Palette, one)
			index[c] = uint8(i)
			continue
		}
		index[c] = uint8(out.Palette.Index(one))
	}
	for i := range out.Pix {
		out.Pix[i] = index[[4]byte(full.Pix[4*i:])]
	}
	return out
}

// same reports whether two pictures are alike in every pixel.
func same(a, b image.Image) bool {
	return a.Bounds() == b.Bounds() && bytes.Equal(pixels(a), pixels(b))
}

func pixels(img image.Image) []byte {
	if p, ok := img.(*image.NRGBA); ok {
		return p.Pix
	}
	out := image.NewNRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out.Pix
}
