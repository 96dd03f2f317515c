package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// acts is what a card can do.
type acts struct {
	*hands
	deny, allow, once, block func()
	instead                  func(id string) // does what Preview.Instead names
	changed                  func()          // something else is chosen
	edit                     func()          // lets the owner change the action; nil if nothing of it can be
}

// state is what changes on a card while it shows.
type state struct {
	when   string // which of how many, and the time that is left
	status string // what is missing, or what Allow does
	alarm  bool   // status is something that went wrong
	live   bool   // Allow can be pressed
	free   bool   // other buttons than Deny can be pressed
}

// card is one question as a window shows it.
type card struct {
	content fyne.CanvasObject
	deny    *button
	show    func(state)
	sight   *sight // nil if nothing scrolls
}

// newCard builds the card of a question.
func newCard(r approval.Request, c *choice, a acts) *card {
	switch r.Kind {
	case approval.Connect:
		return connectCard(r, c, a)
	case approval.Widen:
		return widenCard(r, a)
	}
	return actionCard(r, c, a)
}

// frame puts together what all cards have: where the question is from on top, the question, what scrolls, and below,
// always in sight, the buttons. extra stands at the left of the buttons: what is neither yes nor no; field, above them.
func frame(r approval.Request, title string, body, field fyne.CanvasObject, extra []*button, a acts, once bool) *card {
	when, status := widget.NewLabel(""), bold("")
	when.Alignment = fyne.TextAlignTrailing
	deny := newButton(a.hands, text.T("popup.deny"), widget.HighImportance, a.deny)
	allow := newButton(a.hands, text.T("popup.allow"), widget.MediumImportance, a.allow)
	allow.Icon = theme.ConfirmIcon()
	buttons := []fyne.CanvasObject{}
	for _, b := range extra {
		buttons = append(buttons, b)
	}
	buttons = append(buttons, layout.NewSpacer(), deny)
	live := []*button{allow}
	if once {
		b := newButton(a.hands, text.T("popup.once"), widget.MediumImportance, a.once)
		live = append(live, b)
		buttons = append(buttons, b)
	}
	buttons = append(buttons, allow)

	heading := bold(title)
	if len(title) < 100 {
		heading.SizeName = theme.SizeNameSubHeadingText
	}
	top := below(0, band(r, when), container.New(inset{left: margin, right: margin}, below(0, heading)))

	inside := container.New(inset{left: margin, right: margin, bottom: 4}, body)
	inside.Resize(fyne.NewSize(width, 1)) // for the height of what wraps
	scroll := container.NewVScroll(inside)
	more := bold(text.T("popup.more"))
	more.Alignment, more.SizeName = fyne.TextAlignCenter, theme.SizeNameCaptionText
	hint := func() {
		if inside.MinSize().Height-scroll.Offset.Y-scroll.Size().Height > 2 {
			more.Show()
		} else {
			more.Hide()
		}
	}
	scroll.OnScrolled = func(fyne.Position) { hint() }

	rows := []fyne.CanvasObject{container.NewStack(container.New(fixed(20), more)), widget.NewSeparator()}
	if field != nil {
		rows = append(rows, container.New(inset{left: margin, right: margin, top: 6}, field))
	}
	rows = append(rows,
		container.New(inset{left: margin, right: margin}, container.New(fixed(statusHeight), status)),
		container.New(inset{left: margin, right: margin, bottom: 8}, container.NewHBox(buttons...)))
	c := &card{content: container.New(page{}, top, scroll, below(0, rows...)), deny: deny, sight: &sight{scroll, hint}}
	c.show = func(s state) {
		set(when, s.when, widget.MediumImportance)
		how := widget.MediumImportance
		if s.alarm {
			how = widget.DangerImportance
		}
		set(status, s.status, how)
		for _, b := range live {
			b.enable(s.live)
		}
		for _, b := range extra {
			b.enable(s.free)
		}
		hint()
	}
	return c
}

// statusHeight is the room for the line above the buttons, which may take two: the buttons must not move.
const statusHeight = 54

// fixed is a layout: always as high, whatever is in it.
type fixed float32

// MinSize implements fyne.Layout.
func (h fixed) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, float32(h)) }

// Layout implements fyne.Layout.
func (h fixed) Layout(all []fyne.CanvasObject, size fyne.Size) {
	for _, o := range all {
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		o.Move(fyne.NewPos(0, max(0, (size.Height-o.MinSize().Height)/2)))
	}
}

// set changes a label only if it says something else now.
func set(l *widget.Label, s string, how widget.Importance) {
	if l.Text != s || l.Importance != how {
		l.Importance = how
		l.SetText(s)
	}
}

// band says where the question is from, in a colour of its own if that is the internet.
func band(r approval.Request, when fyne.CanvasObject) fyne.CanvasObject {
	from, t := text.T("popup.from.here"), calm
	if r.Public {
		from, t = text.T("popup.from.internet"), amber
	}
	head := widget.NewLabel(from)
	head.TextStyle.Bold = true
	return box(t, container.New(beside{}, head, when))
}
