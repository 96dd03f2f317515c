package tool

import "context"

// Rule is what happens to a call of a class.
type Rule string

// The rules.
const (
	Allow Rule = "allow"
	Ask   Rule = "ask"
	Deny  Rule = "deny"
)

// Policy says what happens to the calls of a client. The zero Policy allows reads and writes, and asks for the rest.
type Policy struct {
	Write       Rule
	Outward     Rule
	Destructive Rule
	Elicitation bool   // the owner lets local clients put the question themselves
	Closed      string // why nothing runs at all, e.g. "Postern is locked down"; "" if that is not so
}

// of returns what happens to a call of class c of a client.
func (p Policy) of(c Class, who Client) Rule {
	r := p.rule(c)
	if c == ClassWrite && r == Allow && who.AskWrites {
		return Ask
	}
	return r
}

// rule returns what happens to a call of class c. Reads always go.
func (p Policy) rule(c Class) Rule {
	r, preset := Allow, Allow
	switch c {
	case ClassWrite:
		r = p.Write
	case ClassOutward:
		r, preset = p.Outward, Ask
	case ClassDestructive:
		r, preset = p.Destructive, Ask
	}
	if r == "" {
		return preset
	}
	return r
}

// policyFor is the policy for a request of the client.
func (r *Runner) policyFor(ctx context.Context, c Client) Policy {
	if c.Policy != nil {
		return *c.Policy
	}
	return r.policy(ctx)
}

func (r *Runner) policy(ctx context.Context) Policy {
	if r.Policy == nil {
		return Policy{}
	}
	return r.Policy(ctx)
}
