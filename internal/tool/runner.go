package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
)

// MaxArguments is the most bytes that the arguments of a call may have. Files go by handle.
const MaxArguments = 2 << 20

// Asker is the queue of approvals, as far as a Runner needs it. See approval.Queue.
type Asker interface {
	Ask(ctx context.Context, r approval.Request) (approval.Request, error)
	Wait(ctx context.Context, id string) (approval.Request, error)
	WaitOrRevise(ctx context.Context, id string) (approval.Request, error)
	Revised(ctx context.Context, r approval.Request, frozen json.RawMessage, p approval.Preview, problem string) error
	Answer(ctx context.Context, id string, a approval.Answer) error
	Withdraw(ctx context.Context, id string) error
	Claim(ctx context.Context, id string) (approval.Request, error)
	Finish(ctx context.Context, id string, to approval.State, result string) error
	Get(ctx context.Context, id string) (approval.Request, error)
}

// Runner runs tools for clients: it decides what a client is shown, checks the arguments, picks the profile, asks the
// owner where the policy says so, and records every call. Its fields are set before the first call and not changed.
type Runner struct {
	Sets     []Set
	Profiles Profiles
	Defaults Defaults          // nil: clients cannot choose a default
	Files    Files             // nil: no exchange folder
	Texts    Texts             // nil: the text of files is not read
	Queue    Asker             // nil: what needs the owner is denied
	Recorder activity.Recorder // nil: nothing is recorded
	Policy   func(context.Context) Policy
	Wrote    func(context.Context, Client) error // the owner has let a client write that has AskWrites; nil for nobody
	Now      func() time.Time                    // time.Now
	Hold     time.Duration                       // how long a call waits for the owner before it answers pending_approval; 40 s
	Limit    time.Duration                       // how long a call may work; 2 min
	Log      *slog.Logger                        // nil: silent

	once  sync.Once
	tools []*Tool // sorted by name
	life  context.Context
	end   context.CancelFunc
	work  sync.WaitGroup // held calls that outlive their request
}

// Outcome is the answer to a call.
type Outcome struct {
	Text     string
	Contents []Content
	Value    Result // nil for an error
	Err      *Error // nil for a result
	Pending  string // the approval's id, if the call waits for the owner
}

// start prepares the list of tools, once.
func (r *Runner) start() {
	r.once.Do(func() {
		r.life, r.end = context.WithCancel(context.Background())
		for _, s := range append(slices.Clone(r.Sets), r.own()) {
			for _, t := range s.Tools {
				t.set = s.Name
				if t.Title == "" {
					t.Title = titleOf(s, t.Name)
				}
				r.tools = append(r.tools, &t)
			}
		}
		slices.SortFunc(r.tools, func(a, b *Tool) int { return strings.Compare(a.Name, b.Name) })
		if r.Now == nil {
			r.Now = time.Now
		}
		if r.Hold == 0 {
			r.Hold = 40 * time.Second
		}
		if r.Limit == 0 {
			r.Limit = 2 * time.Minute
		}
		if r.Log == nil {
			r.Log = slog.New(slog.DiscardHandler)
		}
	})
}

// Close withdraws the questions that still wait, and waits until what runs has ended, or ctx.
func (r *Runner) Close(ctx context.Context) error {
	r.start()
	r.end()
	done := make(chan struct{})
	go func() { r.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// All returns every tool, sorted by name.
func (r *Runner) All() []*Tool {
	r.start()
	return r.tools
}

// Tools returns the tools that the client is shown, sorted by name: those of its toolsets, tier and scopes that a
// profile it may use has the Google scope for.
func (r *Runner) Tools(ctx context.Context, c Client) ([]*Tool, error) {
	r.start()
	profiles, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	var shown []*Tool
	for _, t := range r.tools {
		if c.Sees(t) && (t.Local() || slices.ContainsFunc(profiles, func(p Profile) bool { return p.can(t) })) {
			shown = append(shown, t)
		}
	}
	return shown, nil
}

// VisibleProfiles returns the profiles that the client may use, by name.
func (r *Runner) VisibleProfiles(ctx context.Context, c Client) ([]Profile, error) {
	r.start()
	return r.visible(ctx, c)
}

func (r *Runner) visible(ctx context.Context, c Client) ([]Profile, error) {
	all, err := r.Profiles.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the profiles: %w", err)
	}
	if c.Profiles == nil {
		return all, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(p Profile) bool { return !slices.Contains(c.Profiles, p.ID) }), nil
}

// Sees reports whether the client is shown t, profiles aside.
func (c Client) Sees(t *Tool) bool {
	if t.Tier > c.Tier || c.ReadOnly && t.Class != ClassRead {
		return false
	}
	if t.Local() {
		return true
	}
	if c.Toolsets != nil && !slices.Contains(c.Toolsets, t.set) {
		return false
	}
	return c.Holds(t.Scope())
}

// Holds reports whether the client was granted a scope, or a wider one.
func (c Client) Holds(want Scope) bool {
	return c.Scopes == nil || slices.ContainsFunc(c.Scopes, func(s Scope) bool { return s.Implies(want) })
}

// can reports whether the profile was granted a Google scope that suffices for t.
func (p Profile) can(t *Tool) bool {
	if len(t.Google) == 0 {
		return true
	}
	return slices.ContainsFunc(t.Google, func(need string) bool {
		for s := range strings.FieldsSeq(need) {
			if !slices.Contains(p.Scopes, s) {
				return false
			}
		}
		return true
	})
}

// Call runs one call to its end, or until it waits for the owner. It never panics, and its Outcome is never nil.
func (r *Runner) Call(ctx context.Context, inv Invocation) *Outcome {
	r.start()
	began := r.Now()
	entry := inv.entry(began)
	out := r.safely(inv.Tool, func() *Outcome { return r.call(ctx, inv, &entry) })
	r.record(ctx, entry, out, began)
	return out
}

// safely turns a panic of f into an error of the call: one broken handler is not the end of the process.
func (r *Runner) safely(tool string, f func() *Outcome) (out *Outcome) {
	defer func() {
		if v := recover(); v != nil {
			r.Log.Error("a tool panicked", "tool", tool, "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			out = failure(Errorf("internal", "the tool %s failed inside Postern; the owner finds the cause in the log", tool))
		}
	}()
	return f()
}

func (r *Runner) record(ctx context.Context, e activity.Entry, out *Outcome, began time.Time) {
	if r.Recorder == nil {
		return
	}
	e.Outcome, e.BytesOut, e.Duration = activity.OK, len(out.Text), r.Now().Sub(began)
	for _, c := range out.Contents {
		e.BytesOut += len(c.Image)
	}
	switch {
	case out.Pending != "":
		e.Outcome, e.Approval = activity.Pending, out.Pending
	case out.Err != nil:
		e.Code = out.Err.Code
		switch out.Err.Code {
		case "denied", "not_allowed":
			e.Outcome = activity.Denied
		case "approval_expired":
			e.Outcome = activity.Expired
		case "cancelled":
			e.Outcome = activity.Cancelled
		default:
			e.Outcome = activity.Failed
		}
	}
	r.Recorder.Record(context.WithoutCancel(ctx), e)
}

func (r *Runner) call(ctx context.Context, inv Invocation, entry *activity.Entry) *Outcome {
	if why := r.policyFor(ctx, inv.Client).Closed; why != "" {
		return failure(Errorf("not_allowed", "%s; nothing was done", why))
	}
	t, err := r.find(ctx, inv)
	if err != nil {
		return failure(err)
	}
	if len(inv.Args) > MaxArguments {
		return failure(Errorf("invalid_argument", "the arguments have %d bytes, the most is %d: pass files by handle", len(inv.Args), MaxArguments))
	}
	args, err := arguments(inv.Args)
	if err != nil {
		return failure(err)
	}
	if err := t.input().check(args); err != nil {
		return failure(err)
	}
	if t.Local() {
		ctx = r.withCall(ctx, inv, Profile{})
		return r.finish(t.run(ctx, nil, encode(args)))
	}
	name, _ := args[profileArgument].(string)
	delete(args, profileArgument)
	if name == "all" {
		if t.merge == nil {
			return failure(Errorf("invalid_argument", `tool %s takes one profile, not "all"`, t.Name))
		}
		entry.Profile = "all"
		return r.fanOut(ctx, t, inv, args)
	}
	p, err := r.pick(ctx, inv.Client, t, name)
	if err != nil {
		return failure(err)
	}
	entry.Profile = p.Name
	return r.runAs(ctx, t, inv, p, encode(args))
}

// find returns the tool, if the client is shown it.
func (r *Runner) find(ctx context.Context, inv Invocation) (*Tool, error) {
	i, ok := slices.BinarySearchFunc(r.tools, inv.Tool, func(t *Tool, name string) int { return strings.Compare(t.Name, name) })
	if !ok || !inv.Client.Sees(r.tools[i]) {
		return nil, Errorf(activity.UnknownTool, "there is no tool %q", clip(CleanLine(inv.Tool), 60))
	}
	return r.tools[i], nil
}

// runAs runs a call as one profile.
func (r *Runner) runAs(ctx context.Context, t *Tool, inv Invocation, p Profile, args json.RawMessage) *Outcome {
	ctx = r.withCall(ctx, inv, p)
	svc, err := r.service(ctx, t, p)
	if err != nil {
		return r.explained(ctx, inv.Client, p, err)
	}
	rule := r.policyFor(ctx, inv.Client).of(t.Class, inv.Client)
	if t.prepare == nil {
		switch rule {
		case Allow:
			return r.direct(ctx, t, svc, inv.Client, p, args)
		case Deny:
			return failure(Errorf("not_allowed", "the owner's settings do not allow %s calls", t.Class))
		}
		return r.held(ctx, &heldCall{tool: t, svc: svc, inv: inv, profile: p, frozen: args, preview: writing(t, p, args), class: t.Class})
	}
	work, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	frozen, preview, class, err := t.prepare(work, svc, args)
	if err != nil {
		return r.explained(ctx, inv.Client, p, err)
	}
	if class < t.Class {
		rule = r.policyFor(ctx, inv.Client).of(class, inv.Client)
	}
	switch rule {
	case Allow:
		return r.direct(ctx, t, svc, inv.Client, p, frozen)
	case Deny:
		return failure(Errorf("not_allowed", "the owner's settings do not allow %s calls", class))
	}
	return r.held(ctx, &heldCall{tool: t, svc: svc, inv: inv, profile: p, frozen: frozen, preview: preview, class: class})
}

// direct runs the tool now.
func (r *Runner) direct(ctx context.Context, t *Tool, svc any, c Client, p Profile, args json.RawMessage) *Outcome {
	return r.perform(ctx, t, c, p, func(ctx context.Context) (Result, error) { return t.run(ctx, svc, args) })
}

// perform does now what a call of the tool has come to.
func (r *Runner) perform(ctx context.Context, t *Tool, c Client, p Profile, run func(context.Context) (Result, error)) *Outcome {
	if t.Class != ClassRead && c.Live != nil {
		if err := c.Live(ctx); err != nil {
			return failure(Errorf("not_allowed", "%s; nothing was done", err))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	res, err := run(ctx)
	if err != nil {
		return r.explained(ctx, c, p, err)
	}
	return result(heading(p), res)
}

// finish makes the outcome of a local tool.
func (r *Runner) finish(res Result, err error) *Outcome {
	if err != nil {
		return failure(err)
	}
	return result("", res)
}

func (r *Runner) explained(ctx context.Context, c Client, p Profile, err error) *Outcome {
	others, lerr := r.visible(context.WithoutCancel(ctx), c)
	if lerr != nil {
		others = nil
	}
	others = slices.DeleteFunc(others, func(o Profile) bool { return o.ID == p.ID })
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return failure(Errorf("cancelled", "the call was cancelled"))
	}
	return failure(explain(err, p, others))
}

// failure makes the outcome of an error. One that is not written for the model is explained without a profile.
func failure(err error) *Outcome {
	e := explain(err, Profile{}, nil)
	return &Outcome{Text: e.Message, Err: e}
}

// result makes the outcome of a result, within the ceiling.
func result(head string, res Result) *Outcome {
	text := head + res.Markdown()
	if r := []rune(text); len(r) > MaxChars+2000 {
		text = string(r[:MaxChars]) + "\n\n[cut: the answer was over the ceiling; ask for less]"
	}
	out := &Outcome{Text: text, Value: res}
	if c, ok := res.(Contents); ok {
		out.Contents = c.Contents()
	}
	return out
}

// heading is the first line of a result: the profile that it acted as.
func heading(p Profile) string {
	if p.Sample {
		return fmt.Sprintf("profile: %s (%s, sample data)\n\n", p.Name, p.Email)
	}
	return fmt.Sprintf("profile: %s (%s)\n\n", p.Name, p.Email)
}

func encode(args map[string]any) json.RawMessage {
	b, err := json.Marshal(args)
	if err != nil { // it came from JSON
		return json.RawMessage("{}")
	}
	return b
}

// titleOf makes "Gmail: search" of the set Gmail and gmail_search.
func titleOf(s Set, name string) string {
	verb := strings.ReplaceAll(strings.TrimPrefix(name, s.Name+"_"), "_", " ")
	return s.Title + ": " + verb
}
