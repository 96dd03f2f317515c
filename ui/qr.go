package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"rsc.io/qr"
)

// qrCode is an address for a phone's camera: the address alone, never a token. It is empty for one that is too long.
func qrCode(address string) fyne.CanvasObject {
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return container.NewStack()
	}
	const quiet = 4 // modules of white around it, which cameras need
	picture := image.NewNRGBA(image.Rect(0, 0, code.Size+2*quiet, code.Size+2*quiet))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				picture.SetNRGBA(x+quiet, y+quiet, color.NRGBA{A: 0xff})
			}
		}
	}
	img := canvas.NewImageFromImage(picture)
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSquareSize(160))
	return img
}
