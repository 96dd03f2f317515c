package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/internal/approval"
	"postern/internal/bridge"
)

// promptEvery is how often a terminal looks for questions that nobody tells of.
const promptEvery = 2 * time.Second

// answerQuestions is the face of "postern serve" in a terminal: it shows each question and takes the answer, until ctx
// ends. One from outside that came when none was expected is only counted until the owner presses Enter: that is the
// gesture that opens it.
func (f *face) answerQuestions(ctx context.Context, b *bridge.Bridge) {
	defer b.AddFace()()
	lines := f.lines(ctx)
	tick := time.NewTicker(promptEvery)
	defer tick.Stop()
	p := &prompt{f: f, b: b, said: map[string]bool{}}
	for {
		changed := b.Changed()
		p.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-changed:
		case text, ok := <-lines:
			if !ok {
				return
			}
			p.answer(ctx, text)
		}
	}
}

// lines reads the terminal.
func (f *face) lines(ctx context.Context) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(f.in); in.Scan(); {
			select {
			case lines <- strings.TrimSpace(in.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// prompt is one terminal with at most one question in it.
type prompt struct {
	f    *face
	b    *bridge.Bridge
	now  *approval.Request // that is being asked; nil for none
	said map[string]bool   // ids of the quiet questions that were counted already
	open bool              // the owner wants to see quiet ones
	// over says that the question has been settled elsewhere, perhaps while its answer was being typed: what is typed then
	// must not be taken for that of another, so no other is shown until the owner presses Enter.
	over bool
}

// look shows the next question, and says of the one that was shown if another face has settled it.
func (p *prompt) look(ctx context.Context) {
	pending, err := p.b.Queue.Pending(ctx)
	if err != nil {
		return // it is tried again
	}
	if p.now != nil {
		for _, q := range pending {
			if q.ID == p.now.ID {
				return
			}
		}
		fmt.Fprintln(p.f.out, "\nThis question is settled. Press Enter to go on.")
		p.now, p.over = nil, true
	}
	if p.over {
		return
	}
	quiet := 0
	for _, q := range pending {
		if q.Offer != nil && q.Offer.Quiet && !p.open {
			if !p.said[q.ID] {
				p.said[q.ID] = true
				quiet++
			}
			continue
		}
		p.open = false
		p.show(q)
		return
	}
	if quiet > 0 {
		fmt.Fprintf(p.f.out, "\n%s waiting. If you have just connected one, press Enter to look.\n", map[bool]string{true: "1 app is", false: fmt.Sprint(quiet, " apps are")}[quiet == 1])
	}
}

func (p *prompt) show(q approval.Request) {
	p.now = &q
	fmt.Fprintf(p.f.out, "\n%s\n", strings.Repeat("-", 60))
	p.f.preview(q)
	switch q.Kind {
	case approval.Connect:
		fmt.Fprintf(p.f.out, "\nUsually: %s\nWhich number does the browser show: %s?\n", summary(q, q.Offer.Usual(time.Now())), strings.Join(q.Numbers(), ", "))
		if q.Offer.Stranger() {
			fmt.Fprint(p.f.out, "Type it, and host=… with the name of the host that access is sent to, to allow that;\n")
		} else {
			fmt.Fprint(p.f.out, "Type it to allow that; ")
		}
		fmt.Fprint(p.f.out, "add scopes=… profiles=… expires=… for something else; or no.\n> ")
	case approval.Widen:
		fmt.Fprint(p.f.out, "\nGive it that? yes, once (for the call that was refused alone), or no\n> ")
	default:
		fmt.Fprint(p.f.out, "\nLet it happen? yes, or no with a reason\n> ")
	}
}

// answer takes what was typed.
func (p *prompt) answer(ctx context.Context, text string) {
	if p.now == nil {
		p.open, p.over = !p.over, false
		p.look(ctx)
		p.open = false
		return
	}
	word, rest, _ := strings.Cut(text, " ")
	a := approval.Answer{Via: "terminal", By: approval.Self(), Version: p.now.Version}
	var g given
	switch {
	case word == "":
		return
	case strings.EqualFold(word, "n") || strings.EqualFold(word, "no"):
		a.Reason = line(rest)
	case p.now.Kind != approval.Connect && (strings.EqualFold(word, "y") || strings.EqualFold(word, "yes")):
		a.Approved = true
	case p.now.Kind == approval.Widen && strings.EqualFold(word, "once"):
		a.Approved, g.once = true, true
	case p.now.Kind == approval.Connect && strings.Trim(word, "0123456789") == "":
		a.Approved, a.Number = true, word
		for _, field := range strings.Fields(rest) {
			name, value, _ := strings.Cut(field, "=")
			switch name {
			case "host":
				a.Host = value
			case "scopes":
				g.scopes = value
			case "profiles":
				g.profiles = value
			case "expires":
				g.expires = value
			default:
				fmt.Fprintf(p.f.out, "There is no %s to set: there are host=, scopes=, profiles= and expires=.\n> ", line(name))
				return
			}
		}
	default:
		fmt.Fprint(p.f.out, "Please type one of the answers above.\n> ")
		return
	}
	if a.Approved {
		terms, err := g.terms(*p.now, time.Now())
		if err != nil {
			fmt.Fprintf(p.f.out, "%s\n> ", line(err.Error()))
			return
		}
		a.Terms = terms
		if err := p.f.mayApprove(ctx, p.b, *p.now); err != nil {
			fmt.Fprintf(p.f.out, "%s\n> ", line(err.Error()))
			return
		}
	}
	switch err := p.b.Queue.Answer(ctx, p.now.ID, a); {
	case err == nil && a.Approved:
		fmt.Fprintln(p.f.out, "Allowed.")
	case err == nil:
		fmt.Fprintln(p.f.out, "Refused.")
	case errors.Is(err, approval.ErrSettled):
		fmt.Fprintln(p.f.out, "It was settled elsewhere.")
	case errors.Is(err, approval.ErrChanged): // by another face; it is shown anew
		fmt.Fprintln(p.f.out, line(err.Error()))
	default:
		fmt.Fprintln(p.f.out, line(err.Error()))
		if !errors.Is(err, approval.ErrWrongNumber) {
			fmt.Fprint(p.f.out, "> ")
			return
		}
	}
	p.now = nil
}
