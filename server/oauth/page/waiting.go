package page

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"postern/assets"
)

// State is where a request stands.
type State string

// The states of a request. The first three are those in which a page waits; the zero value waits as Quiet does, which
// says most.
const (
	Asked   State = "asked"    // the desktop shows the question
	Quiet   State = "quiet"    // outside the pairing window: the desktop shows only that somebody waits
	NoFace  State = "noface"   // nobody is at a desktop: the owner answers from the command line
	Allowed State = "approved" // for WriteStatus: the page sends the finish form
	Over    State = "over"     // for WriteStatus: denied, expired or cancelled; the page loads itself again
)

// Status is the answer to the waiting page's look at StatusPath.
type Status struct {
	State State
	Left  time.Duration // until the request expires; 0 shows nothing
}

// Waiting is the page with the number, shown until the owner has answered.
//
// Without scripts it loads Here again every three seconds; with scripts it asks StatusPath every two, for at most five
// minutes, and sends the finish form by itself once that says Allowed.
type Waiting struct {
	Form
	Number      int           // 0 to 99, shown in two digits
	State       State         // Asked, Quiet or NoFace
	ID          string        // of the approval, for the command line
	Left        time.Duration // until the request expires; 0 shows nothing
	Client      Client
	Destination Destination
	Scopes      []Scope // in the order to show them
	Code        *Code   // nil offers no pairing code, as for a destination that is not known

	// Here is the path and query under which this page loads again. It may be empty if the page answers a GET at that very
	// address, and not if it answers a POST, which a reload would send again.
	Here string
}

// Code offers a field for a pairing code.
type Code struct {
	// Address is the path and query of this same page with Typing set, for a browser without scripts: loading again every
	// three seconds would take away what is being typed.
	Address string
	Typing  bool // the page is that one: the field is open, and the page does not load itself again
	Wrong   bool // what was typed is not a code that holds; the field stays open, as with Typing
	Tries   int  // how many wrong tries are left; shown after a wrong one
	// Lacks are things that a right code gives and that are not to be had: it was not used up. The field stays open.
	Lacks []string
}

func (p Waiting) view() (view, error) {
	if err := p.check(); err != nil {
		return view{}, err
	}
	number := fmt.Sprintf("%02d", p.Number)
	v := view{title: "Match " + number, status: http.StatusOK, script: "\n" + assets.WaitingScript, main: p.main(number), state: g.Group{
		h.Data("state", string(p.state())),
		h.Data("status", StatusPath+"?"+url.Values{FieldRequest: {p.Request}}.Encode()),
		h.Data("here", p.Here),
	}}
	switch {
	case p.Code.open():
	case p.Here == "":
		v.head = refresh("3")
	default:
		v.head = refresh("3; url=" + p.Here)
	}
	return v, nil
}

// check returns an error for values that must not be shown.
func (p Waiting) check() error {
	switch {
	case p.Number < 0 || p.Number > 99:
		return fmt.Errorf("the number %d has not two digits", p.Number)
	case !slices.Contains([]State{"", Asked, Quiet, NoFace}, p.State):
		return fmt.Errorf("a page does not wait in the state %q", p.State)
	case p.Here != "" && !own(p.Here):
		return errors.New("the address of the waiting page is not a path of this server")
	case p.Code != nil && !own(p.Code.Address):
		return errors.New("the address of the page for a pairing code is not a path of this server")
	case p.Code.open() && p.Here == "":
		return errors.New("the page for a pairing code does not know the address of the waiting page")
	}
	return nil
}

func (p Waiting) state() State { return cmp.Or(p.State, Quiet) }

// main is what shows, from the number to the ways out.
func (p Waiting) main(number string) []node {
	all := []node{
		h.H1(g.Text("Match this number on your computer: "), h.Span(h.Class("number"), g.Text(number))),
		h.P(h.Class("wait"), h.Span(h.Role("status"), h.ID("note"), g.Text("Waiting for an answer")),
			h.Span(h.Class("left"), h.ID("left"), g.Text(remaining(p.Left)))),
		p.step(g.Group{g.Text("Postern shows three numbers there. Pick "), h.Strong(g.Text(number)),
			g.Text(" and choose what this app may use. Then this page goes on by itself.")}, Asked),
		p.step(g.Group{g.Text("Open Postern on your computer. It shows “1\u00a0request waits for you”: open that and pick "), h.Strong(g.Text(number)),
			g.Text(". Then this page goes on by itself.")}, Quiet),
		p.step(g.Text("Postern runs without a window there, so answer in a terminal of that computer. Then this page goes on by itself."), NoFace),
		h.Details(h.Class("fold"), h.ID("terminal"), g.Attr("open"), p.during(Quiet, NoFace), lines(
			h.Summary(g.Text("Answer in a terminal")),
			small("On that computer, see who waits, and let this app in:"),
			commands(g.Text("postern approvals list\npostern approvals approve "+cmp.Or(id(p.ID), "ID")+" "),
				h.Span(h.Class("whole"), g.Text("--number "+number))),
		)),
		h.H2(g.Text("Who is asking")),
		h.Dl(lines(
			g.Group{h.Dt(g.Text("It calls itself")), h.Dd(p.Client.node())},
			g.Group{h.Dt(g.Text("Access will be sent to")), h.Dd(p.Destination.node())},
		)),
		warning(p.Destination.warnings()),
	}
	first, more := scopes(p.Scopes)
	if len(first) > 0 {
		all = append(all, h.H2(g.Text("What it asks for")), list(first))
		if len(more) > 0 {
			all = append(all, h.Details(h.Class("fold"), g.Attr("open"), h.Summary(g.Textf("%d more", len(more))), list(more)))
		}
		all = append(all, text("You choose on your computer what it gets.", h.Class("small soft after")))
	}
	if p.Code != nil {
		all = append(all, p.code()...)
	}
	return append(all,
		p.post(CancelPath, h.Class("last"), lines(
			p.fields(),
			small("If you did not start this, cancel. Nothing is allowed then."),
			h.Button(h.Class("quiet"), g.Text("Cancel")),
		)),
		p.post(FinishPath, h.ID("finish"), g.Attr("hidden"), lines(p.fields())),
	)
}

// step is what to do next while the page is in one of the states.
func (p Waiting) step(n node, states ...State) node {
	return h.Div(p.during(states...), lines(h.P(n)))
}

// during shows an element in some states only; the script follows it as the state changes.
func (p Waiting) during(states ...State) node {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	step := h.Data("step", strings.Join(names, " "))
	if slices.Contains(states, p.state()) {
		return step
	}
	return g.Group{step, g.Attr("hidden")}
}

// code is the way in with a pairing code.
func (p Waiting) code() []node {
	wrong, left := p.Code.said()
	input := g.Group{
		h.ID("typed"), h.Name(FieldCode), h.Required(), h.MinLength("8"), h.MaxLength("9"), h.AutoComplete("off"),
		g.Attr("autocapitalize", "characters"), g.Attr("autocorrect", "off"), g.Attr("spellcheck", "false"),
		g.If(p.Code.open(), h.AutoFocus()),
	}
	var alert node
	described := h.Aria("describedby", "hint")
	if wrong != "" {
		alert = h.Div(h.ID("wrong"), h.Role("alert"), lines(warning([]string{wrong})))
		described = g.Group{h.Aria("describedby", "wrong hint"), h.Aria("invalid", "true")}
	}
	scriptless := g.Group{g.Text("Away from the computer? "), h.A(h.Href(p.Code.Address), g.Text("Type a pairing code"))}
	if p.Code.open() {
		scriptless = g.Group{g.Text("This page stays still while you type. "), h.A(h.Href(p.Here), g.Text("Go back to waiting"))}
	}
	return []node{
		h.NoScript(h.P(h.Class("apart"), scriptless)),
		h.Details(h.ID("code"), g.If(p.Code.open(), g.Attr("open")), lines(
			h.Summary(g.Text("Away from the computer?")),
			p.post(CodePath, lines(
				p.fields(),
				h.P(g.Text("A pairing code that you made beforehand lets this app in with the limits you set then. Access will be sent to "),
					h.Strong(g.Text(p.Destination.title())), g.Text(".")),
				h.Label(h.For("typed"), g.Text("Pairing code")),
				alert,
				h.Input(input, described),
				h.P(h.Class("small soft"), h.ID("hint"), g.Text(strings.TrimSuffix("Eight characters, good for one use. "+left, " "))),
				h.Button(g.Text("Use the code")),
			)),
		)),
	}
}

// open reports whether the field for the code is open at once.
func (c *Code) open() bool { return c != nil && (c.Typing || c.Wrong || len(c.Lacks) > 0) }

// said is what is said of a code that lets nobody in, and of the tries that are left.
func (c *Code) said() (wrong, left string) {
	const over = "That is not the code, or its time is over."
	switch {
	case len(c.Lacks) > 0:
		return "The code is right, but not all that it gives can be had now: " + line(strings.Join(c.Lacks, "; "), maxText) + ". It was not used up. Answer on your computer, or make another code there.", ""
	case !c.Wrong:
		return "", ""
	case c.Tries <= 0:
		return "That was one wrong code too many, and the pairing code no longer holds. Answer on your computer, or make a new code there.", ""
	case c.Tries == 1:
		return over, "1 try is left."
	}
	return over, fmt.Sprintf("%d tries are left.", c.Tries)
}

// own reports whether an address is a path on this origin: "//host" and "/\host" are not.
func own(address string) bool {
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, `\`) && plain(address)
}

// remaining says how much time is left, so coarse that it does not flicker.
func remaining(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return "less than a minute left"
	}
	return fmt.Sprintf("%d min left", int((d+30*time.Second)/time.Minute))
}
