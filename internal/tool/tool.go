// Package tool says what a tool is: a typed function over one Google service, with a class, scopes and limits. The
// input struct is its schema, the constructor decides its class, and the class decides its annotations and whether the
// owner is asked. A Runner runs tools for a client.
//
//	var Tools = tool.Set{Name: "gmail", Title: "Gmail", Tools: []tool.Tool{
//		tool.Read(gmail.NewService, "gmail_search", "Search the mailbox.", search, tool.Needs(gmail.GmailReadonlyScope)),
//	}}
//
// The package knows no MCP library and no keychain.
package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"google.golang.org/api/option"

	"postern/internal/approval"
)

// Tier says how many tools a client is shown: core alone, core and extended, or all.
type Tier int

// The tiers. Each includes the ones before it.
const (
	Core Tier = iota
	ExtendedTier
	CompleteTier
)

// Opener opens Google's generated client for a service: gmail.NewService and its siblings.
type Opener[S any] func(context.Context, ...option.ClientOption) (*S, error)

// Result is what a tool returns: a value that can say itself in Markdown, for the model, and is encoded as JSON for
// "--json" in the shell. A Result with text from outside fences it (see Fence). Slices in it are empty, not nil.
type Result interface {
	Markdown() string
}

// Contents is implemented by a Result that has more than text.
type Contents interface {
	Contents() []Content
}

// Content is an image, or a file in the exchange folder, beside the text of a result.
type Content struct {
	Image []byte // PNG, JPEG, GIF or WebP
	MIME  string
	File  string // a handle, e.g. postern://file/ab12
	Name  string
}

// Plan is what an outward or destructive call has come to before anybody is asked: the frozen arguments (F is encoded
// as JSON and decoded again, so it must survive that), and what the owner is shown.
type Plan[F any] struct {
	Frozen  F
	Preview approval.Preview
	Class   Class // lower than the tool's own, if these arguments do less (an event without guests); 0 means the tool's
}

// Tool is one entry of a Set. Make it with Read, Write, Outward or Destructive.
type Tool struct {
	Name        string
	Title       string // for people; the Set fills it in from the name if empty
	Description string // for the model
	Class       Class
	Tier        Tier
	Google      []string // any one of these Google scopes suffices, the narrowest first; an entry may name several, space-separated, that are needed together

	set     string
	input   func() *inputSchema                                                                                                       // derived when it is first wanted: starting must not wait for it
	prepare func(ctx context.Context, svc any, args json.RawMessage) (frozen json.RawMessage, p approval.Preview, c Class, err error) // nil: runs on args as they are
	run     func(ctx context.Context, svc any, args json.RawMessage) (Result, error)
	open    func(ctx context.Context, opts ...option.ClientOption) (any, error)                                                              // nil for a local tool
	merge   func(parts []part) (Result, error)                                                                                               // nil: profile "all" is refused
	revise  func(ctx context.Context, svc any, frozen json.RawMessage, changes map[string]string) (json.RawMessage, approval.Preview, error) // nil: the owner can change nothing
	instead map[string]func(ctx context.Context, svc any, frozen json.RawMessage) (Result, error)                                            // by the id of a Preview.Instead
}

// Set is the tools of one Google service, in the order of the catalogue.
type Set struct {
	Name  string // the toolset's name and the prefix of its tools, e.g. gmail
	Title string // for people, e.g. Gmail
	Tools []Tool
}

// Toolset returns the name of the set that the tool belongs to, "" before it is in one.
func (t *Tool) Toolset() string { return t.set }

// Scope returns the Postern scope that a call needs, "" for a local tool.
func (t *Tool) Scope() Scope {
	if t.open == nil {
		return ""
	}
	return ScopeFor(t.set, t.Class)
}

// Schema returns the JSON Schema of the arguments.
func (t *Tool) Schema() json.RawMessage { return t.input().json }

// Local reports whether the tool needs no Google profile.
func (t *Tool) Local() bool { return t.open == nil }

// AllProfiles reports whether the tool takes profile "all".
func (t *Tool) AllProfiles() bool { return t.merge != nil }

// Asks reports whether calls are planned and put to the owner.
func (t *Tool) Asks() bool { return t.prepare != nil }

// Option says more about a tool.
type Option func(*Tool)

// Needs lists the Google scopes of which one is enough, the narrowest first.
func Needs(scopes ...string) Option { return func(t *Tool) { t.Google = scopes } }

// Titled sets the title shown to people.
func Titled(title string) Option { return func(t *Tool) { t.Title = title } }

// InTier puts the tool in another tier than Core.
func InTier(tier Tier) Option { return func(t *Tool) { t.Tier = tier } }

// Across lets the tool take profile "all": it runs once per profile, and merge makes one result of the answers. Parts
// come in the order of the profiles' names; those that failed have Err set. merge is not called if all failed.
func Across[Out Result](merge func(parts []Part[Out]) Out) Option {
	return func(t *Tool) {
		t.merge = func(parts []part) (Result, error) {
			typed := make([]Part[Out], 0, len(parts))
			for _, p := range parts {
				q := Part[Out]{Profile: p.profile, Err: p.err}
				if p.err == nil {
					out, ok := p.out.(Out)
					if !ok {
						return nil, fmt.Errorf("%s: merging %T", t.Name, p.out)
					}
					q.Out = out
				}
				typed = append(typed, q)
			}
			return merge(typed), nil
		}
	}
}

// Revised lets the owner change a planned call before the yes: revise makes the plan anew of the frozen arguments and the
// changes, by the names of its Preview.Edits. Like prepare it has no effect. An *Error of its is shown to the owner.
func Revised[S, F any](revise func(context.Context, *S, F, map[string]string) (Plan[F], error)) Option {
	return func(t *Tool) {
		t.revise = func(ctx context.Context, svc any, frozen json.RawMessage, changes map[string]string) (json.RawMessage, approval.Preview, error) {
			f, err := thaw[F](t.Name, frozen)
			if err != nil {
				return nil, approval.Preview{}, err
			}
			p, err := revise(ctx, svc.(*S), f, changes)
			if err != nil {
				return nil, approval.Preview{}, err
			}
			again, err := json.Marshal(p.Frozen)
			return again, p.Preview, err
		}
	}
}

// Instead lets the owner have something else done with a planned call: run does, if its Preview.Instead holds the id.
func Instead[S, F any, Out Result](id string, run func(context.Context, *S, F) (Out, error)) Option {
	return func(t *Tool) {
		if t.instead == nil {
			t.instead = map[string]func(context.Context, any, json.RawMessage) (Result, error){}
		}
		t.instead[id] = func(ctx context.Context, svc any, frozen json.RawMessage) (Result, error) {
			f, err := thaw[F](t.Name, frozen)
			if err != nil {
				return nil, err
			}
			return run(ctx, svc.(*S), f)
		}
	}
}

// thaw reads frozen arguments.
func thaw[F any](name string, frozen json.RawMessage) (f F, err error) {
	if err := json.Unmarshal(frozen, &f); err != nil {
		return f, fmt.Errorf("%s: reading the frozen arguments: %w", name, err)
	}
	return f, nil
}

// Part is one profile's answer to a call with profile "all".
type Part[Out any] struct {
	Profile Profile
	Out     Out
	Err     error
}

type part struct {
	profile Profile
	out     Result
	err     error
}

// Read makes a tool that changes nothing.
func Read[S, In any, Out Result](open Opener[S], name, description string, run func(context.Context, *S, In) (Out, error), opts ...Option) Tool {
	return direct(ClassRead, open, name, description, run, opts)
}

// Write makes a tool that changes the owner's own things, reversibly.
func Write[S, In any, Out Result](open Opener[S], name, description string, run func(context.Context, *S, In) (Out, error), opts ...Option) Tool {
	return direct(ClassWrite, open, name, description, run, opts)
}

// Outward makes a tool whose effect other people see. prepare resolves the arguments into a Plan without any effect;
// run does, from the frozen arguments alone, what was shown.
func Outward[S, In, F any, Out Result](open Opener[S], name, description string, prepare func(context.Context, *S, In) (Plan[F], error), run func(context.Context, *S, F) (Out, error), opts ...Option) Tool {
	return planned(ClassOutward, open, name, description, prepare, run, opts)
}

// Destructive makes a tool whose effect cannot be undone. See Outward for prepare and run.
func Destructive[S, In, F any, Out Result](open Opener[S], name, description string, prepare func(context.Context, *S, In) (Plan[F], error), run func(context.Context, *S, F) (Out, error), opts ...Option) Tool {
	return planned(ClassDestructive, open, name, description, prepare, run, opts)
}

// Own makes a tool about Postern itself, which needs no Google profile.
func Own[In any, Out Result](class Class, name, description string, run func(context.Context, In) (Out, error), opts ...Option) Tool {
	t := newTool[In](class, name, description, false, opts)
	t.run = func(ctx context.Context, _ any, args json.RawMessage) (Result, error) {
		in, err := decode[In](args)
		if err != nil {
			return nil, err
		}
		return run(ctx, in)
	}
	return t
}

func direct[S, In any, Out Result](class Class, open Opener[S], name, description string, run func(context.Context, *S, In) (Out, error), opts []Option) Tool {
	t := newTool[In](class, name, description, true, opts)
	t.open = opener(open)
	t.run = func(ctx context.Context, svc any, args json.RawMessage) (Result, error) {
		in, err := decode[In](args)
		if err != nil {
			return nil, err
		}
		return run(ctx, svc.(*S), in)
	}
	return t
}

func planned[S, In, F any, Out Result](class Class, open Opener[S], name, description string, prepare func(context.Context, *S, In) (Plan[F], error), run func(context.Context, *S, F) (Out, error), opts []Option) Tool {
	t := newTool[In](class, name, description, true, opts)
	t.open = opener(open)
	t.prepare = func(ctx context.Context, svc any, args json.RawMessage) (json.RawMessage, approval.Preview, Class, error) {
		in, err := decode[In](args)
		if err != nil {
			return nil, approval.Preview{}, 0, err
		}
		p, err := prepare(ctx, svc.(*S), in)
		if err != nil {
			return nil, approval.Preview{}, 0, err
		}
		c := class
		if p.Class != 0 && p.Class < class {
			c = p.Class
		}
		frozen, err := json.Marshal(p.Frozen)
		return frozen, p.Preview, c, err
	}
	t.run = func(ctx context.Context, svc any, frozen json.RawMessage) (Result, error) {
		f, err := thaw[F](name, frozen)
		if err != nil {
			return nil, err
		}
		return run(ctx, svc.(*S), f)
	}
	return t
}

func opener[S any](open Opener[S]) func(context.Context, ...option.ClientOption) (any, error) {
	return func(ctx context.Context, opts ...option.ClientOption) (any, error) { return open(ctx, opts...) }
}

func newTool[In any](class Class, name, description string, google bool, opts []Option) Tool {
	t := Tool{Name: name, Description: description, Class: class}
	for _, o := range opts {
		o(&t)
	}
	across := t.merge != nil
	t.input = sync.OnceValue(func() *inputSchema { return schemaOf[In](name, google, across) })
	return t
}
