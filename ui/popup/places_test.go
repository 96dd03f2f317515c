package popup

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"postern/internal/approval"
)

// centre is where a click hits an object.
func centre(o fyne.CanvasObject) fyne.Position {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	return fyne.NewPos(at.X+o.Size().Width/2, at.Y+o.Size().Height/2)
}

// TestButtonsLieWhereAHandFindsThem: Deny and Allow have their places, and numbers are large and apart. With -v it prints
// where all that can be pressed lies: the tests of the running app click there.
func TestButtonsLieWhereAHandFindsThem(t *testing.T) {
	for name, r := range map[string]approval.Request{"connect-local": local(), "connect-verified": verified(), "connect-stranger": stranger(), "mail": editable(), "widen": more(true)} {
		b := newEnglish(t)
		b.desk.Revise = revisable
		b.desk.Update([]approval.Request{r})
		b.ahead(time.Second)
		if at := centre(b.button("Allow")); at.X < 580 || at.X > 596 || at.Y < 624 || at.Y > 644 {
			t.Errorf("%s: Allow lies at %v", name, at)
		}
		before := float32(0)
		for _, o := range b.objects() {
			label := ""
			switch o := o.(type) {
			case *button:
				label = o.Text
				if strings.Trim(label, "0123456789") == "" {
					if o.Size().Width < 72 || o.Size().Height < 44 {
						t.Errorf("%s: the button %s has %v", name, label, o.Size())
					}
					if left := centre(o).X - o.Size().Width/2; left < before+8 {
						t.Errorf("%s: the button %s lies at the one before it", name, label)
					}
					before = centre(o).X + o.Size().Width/2
				}
			case *tick:
				label = "[x] " + o.Text
			case *entry:
				label = "field " + o.PlaceHolder
			default:
				continue
			}
			at := centre(o)
			t.Logf("%s: %-40q centre %3.0f,%3.0f", name, label, at.X, at.Y)
		}
		if d := centre(b.button("Deny")); !strings.HasPrefix(name, "widen") && (d.X < 510 || d.X > 530) || d.Y != centre(b.button("Allow")).Y {
			t.Errorf("%s: Deny lies at %v", name, d)
		}
	}
}
