package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"postern/internal/qrcode"
)

// qrCode is an address for a phone's camera: the address alone, never a token. It is empty for one that is too long.
func qrCode(address string) fyne.CanvasObject {
	code, err := qrcode.New(address)
	if err != nil {
		return container.NewStack()
	}
	img := canvas.NewImageFromImage(code.Image(1))
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSquareSize(160))
	return img
}
