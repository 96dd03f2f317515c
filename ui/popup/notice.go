package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/ui/text"
)

// noticeCard says what became of a question. It has one button, and nothing to decide.
func noticeCard(says string, h *hands, ok func()) *card {
	words := bold(says)
	words.Alignment, words.SizeName = fyne.TextAlignCenter, theme.SizeNameSubHeadingText
	done := newButton(h, text.T("popup.ok"), widget.HighImportance, ok)
	done.plain = true
	middle := container.New(fixed(height-60), container.New(inset{left: 4 * margin, right: 4 * margin}, words))
	return &card{
		content: container.NewBorder(nil, container.New(inset{left: margin, right: margin, bottom: 8}, container.NewHBox(layout.NewSpacer(), done)), nil, nil, middle),
		deny:    done, show: func(state) {},
	}
}
