package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Look is the theme of the app: Fyne's own, light or dark as the desktop is, with grey that can be read and parts that
// stand off from the page.
func Look() fyne.Theme { return look{theme.DefaultTheme()} }

type look struct{ fyne.Theme }

// The colours that differ from Fyne's. Text of less weight, and the edge around
// what is to be filled in, have a contrast of at least 4.5 to 1 on page and panel.
var (
	light = map[fyne.ThemeColorName]color.Color{
		theme.ColorNameBackground:       color.NRGBA{0xf4, 0xf4, 0xf7, 0xff},
		theme.ColorNameHeaderBackground: color.NRGBA{0xff, 0xff, 0xff, 0xff}, // of panels
		theme.ColorNameButton:           color.NRGBA{0xe7, 0xe7, 0xed, 0xff},
		theme.ColorNameInputBackground:  color.NRGBA{0xec, 0xec, 0xf1, 0xff},
		theme.ColorNameInputBorder:      color.NRGBA{0x6c, 0x6c, 0x76, 0xff},
		theme.ColorNameDisabled:         color.NRGBA{0x66, 0x66, 0x70, 0xff},
		theme.ColorNamePlaceHolder:      color.NRGBA{0x6c, 0x6c, 0x76, 0xff},
		theme.ColorNameForeground:       color.NRGBA{0x24, 0x24, 0x2a, 0xff},
		theme.ColorNameSuccess:          color.NRGBA{0x1f, 0x8a, 0x3b, 0xff},
		theme.ColorNameWarning:          color.NRGBA{0xc7, 0x6a, 0x00, 0xff},
		theme.ColorNameError:            color.NRGBA{0xcc, 0x2b, 0x24, 0xff},
	}
	dark = map[fyne.ThemeColorName]color.Color{
		theme.ColorNameBackground:        color.NRGBA{0x17, 0x17, 0x1a, 0xff},
		theme.ColorNameHeaderBackground:  color.NRGBA{0x23, 0x23, 0x28, 0xff},
		theme.ColorNameOverlayBackground: color.NRGBA{0x26, 0x26, 0x2c, 0xff},
		theme.ColorNameButton:            color.NRGBA{0x38, 0x38, 0x40, 0xff},
		theme.ColorNameInputBackground:   color.NRGBA{0x2f, 0x2f, 0x36, 0xff},
		theme.ColorNameInputBorder:       color.NRGBA{0x9a, 0x9a, 0xa4, 0xff},
		theme.ColorNameDisabled:          color.NRGBA{0xa0, 0xa0, 0xaa, 0xff},
		theme.ColorNamePlaceHolder:       color.NRGBA{0x9a, 0x9a, 0xa4, 0xff},
		theme.ColorNameSuccess:           color.NRGBA{0x5f, 0xc8, 0x74, 0xff},
		theme.ColorNameWarning:           color.NRGBA{0xf0, 0xa0, 0x30, 0xff},
		theme.ColorNameError:             color.NRGBA{0xf2, 0x5c, 0x54, 0xff},
	}
)

// Color is for Fyne.
func (l look) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	own := dark
	if v == theme.VariantLight {
		own = light
	}
	if c, ok := own[n]; ok {
		return c
	}
	return l.Theme.Color(n, v)
}
