package popup

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
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
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", name+".png"))
	if err == nil {
		kept, err := png.Decode(bytes.NewReader(want))
		if err == nil && same(kept, got) {
			return
		}
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

// small keeps of a picture what the eye needs: 16 steps of each colour, in a palette if that is enough for it. A picture
// is a third as large then.
func small(img image.Image) image.Image {
	size := img.Bounds()
	full := image.NewNRGBA(size)
	draw.Draw(full, size, img, size.Min, draw.Src)
	count := map[color.Color]int{}
	for i := range full.Pix {
		full.Pix[i] = full.Pix[i] >> 4 * 17
	}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[full.At(x, y)]++
		}
	}
	if len(count) > 256 {
		return full
	}
	var palette color.Palette
	for c := range count {
		palette = append(palette, c)
	}
	key := func(c color.Color) uint32 {
		r, g, b, a := c.RGBA()
		return r&0xff<<24 | g&0xff<<16 | b&0xff<<8 | a&0xff
	}
	slices.SortFunc(palette, func(a, b color.Color) int { return int(int64(key(a)) - int64(key(b))) })
	out := image.NewPaletted(size, palette)
	draw.Draw(out, size, full, size.Min, draw.Src)
	return out
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if color.NRGBAModel.Convert(a.At(x, y)) != color.NRGBAModel.Convert(b.At(x, y)) {
				return false
			}
		}
	}
	return true
}
