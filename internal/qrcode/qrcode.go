// Package qrcode draws an address for a phone's camera.
package qrcode

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"rsc.io/qr"
)

// quiet is the width of the white around a code, in modules (ISO/IEC 18004 section 6.3.8).
const quiet = 4

// Code is the modules of a code with the white around them.
type Code struct{ code *qr.Code }

// New makes the code of a text. It returns an error for one that is too long.
func New(text string) (Code, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return Code{}, fmt.Errorf("making a QR code: %w", err)
	}
	return Code{c}, nil
}

// Size is how many modules a side has, with the white.
func (c Code) Size() int { return c.code.Size + 2*quiet }

// Black reports whether a module is black.
func (c Code) Black(x, y int) bool { return c.code.Black(x-quiet, y-quiet) }

// Image draws it with that many pixels for a module.
func (c Code) Image(scale int) image.Image {
	img := image.NewPaletted(image.Rect(0, 0, c.Size()*scale, c.Size()*scale), color.Palette{color.White, color.Black})
	for y := range c.Size() * scale {
		for x := range c.Size() * scale {
			if c.Black(x/scale, y/scale) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}

// PNG draws it as a picture for a file.
func (c Code) PNG() ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, c.Image(10))
	return b.Bytes(), err
}

// SVG draws it as a picture of any size.
func (c Code) SVG() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="100%%" height="100%%" fill="#fff"/><path d="`, c.Size(), c.Size())
	for y := range c.Size() {
		for x := range c.Size() {
			if c.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	b.WriteString(`"/></svg>` + "\n")
	return b.Bytes()
}

// Terminal draws it with two modules to a character, in black on white whatever the terminal's colours are.
func (c Code) Terminal() string {
	var b strings.Builder
	for y := 0; y < c.Size(); y += 2 {
		b.WriteString("\x1b[30;47m")
		for x := range c.Size() {
			switch top, bottom := c.Black(x, y), c.Black(x, y+1); {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
