package bridge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
	"postern/server/peek"
)

// widening is the questions whether a grant gets more scopes.
type widening struct {
	mu      sync.Mutex           // guards the fields below
	open    map[string]bool      // grant and scopes of open questions
	refused map[string]time.Time // when the owner last said no
}

// refusalKept is how long the owner is not asked again for what they have refused.
const refusalKept = 10 * time.Minute

// widen asks the owner for scopes that a grant has not, unless they are asked already. It reports whether they are.
func (s *service) widen(ctx context.Context, h oauth.Holder, m peek.Message, missing []string) bool {
	choices, err := s.offers.Scopes(ctx, missing)
	if err != nil {
		s.b.Log.Error("reading what the owner can give", "error", err)
		return false
	}
	choices = slices.DeleteFunc(choices, func(c approval.Choice) bool { return !slices.Contains(missing, c.ID) })
	if len(choices) < len(missing) {
		return false // the owner's settings rule it out
	}
	key := h.Grant.ID + " " + strings.Join(missing, " ")
	ask, waiting := s.widening.begin(key, s.b.config.Now())
	if !ask {
		return waiting
	}
	var wanted []string
	for _, c := range choices {
		wanted = append(wanted, c.Title)
	}
	from := "this computer"
	if public(h.Grant) {
		from = "outside"
	}
	q, err := s.b.Queue.Ask(ctx, approval.Request{
		Kind: approval.Widen, Client: h.Client.Name, Origin: "over HTTP, from " + from, ClientKey: grantKey + h.Grant.ID, Tool: m.Name,
		Offer:   &approval.Offer{ClientID: h.Client.ID, Grant: h.Grant.ID, From: from, Public: public(h.Grant), Scopes: choices},
		Preview: approval.Preview{Title: fmt.Sprintf("%q wants more: %s", h.Client.Name, strings.Join(wanted, "; ")), Fields: refusedCall(m)},
	})
	if err != nil {
		s.widening.end(key, time.Time{})
		s.b.Log.Warn("the owner could not be asked for more", "error", err)
		return false
	}
	call := digest(h.Grant.ID, m, missing)
	s.group.Go(func() { s.widened(key, h.Grant.ID, q.ID, call) })
	return true
}

// maxShown is the most letters that a question shows of what a call was to do.
const maxShown = 1000

// refusedCall is what the client has tried.
func refusedCall(m peek.Message) []approval.Field {
	what := m.Name
	if what == "" {
		what = m.URI
	}
	fields := []approval.Field{{Name: "Tried", Value: what}}
	if args := []rune(string(m.Args)); len(args) > maxShown {
		fields = append(fields, approval.Field{Name: "With", Value: string(args[:maxShown]) + "…"})
	} else if len(args) > 2 { // more than {}
		fields = append(fields, approval.Field{Name: "With", Value: string(args)})
	}
	return fields
}

// widened waits for the answer and gives what was allowed.
func (s *service) widened(key, grantID, question string, call [sha256.Size]byte) {
	ctx := context.WithoutCancel(s.life)
	q, err := s.b.Queue.Wait(s.life, question)
	refused := time.Time{}
	defer func() { s.widening.end(key, refused) }()
	switch {
	case err != nil:
		if err := s.b.Queue.Withdraw(ctx, question); err != nil && !errors.Is(err, approval.ErrSettled) {
			s.b.Log.Warn("withdrawing a question", "error", err)
		}
		return
	case q.State == approval.Denied:
		refused = s.b.config.Now()
		return
	case q.State != approval.Approved:
		return
	}
	q, err = s.b.Queue.Claim(ctx, question)
	if err != nil || q.Answer == nil || q.Answer.Terms == nil {
		s.b.Log.Error("widening a grant", "error", err)
		return
	}
	if q.Answer.Terms.Once {
		s.once.allow(call, s.b.config.Now().Add(onceKept))
		if err := s.b.Queue.Finish(ctx, question, approval.Done, ""); err != nil {
			s.b.Log.Warn("settling a question", "error", err)
		}
		return
	}
	state := approval.Done
	if err := s.b.Store.Widen(ctx, grantID, q.Answer.Terms.Scopes, s.b.config.Now()); err != nil {
		s.b.Log.Error("widening a grant", "grant", grantID, "error", err)
		state = approval.Failed
	}
	if err := s.b.Queue.Finish(ctx, question, state, ""); err != nil {
		s.b.Log.Warn("settling a question", "error", err)
	}
	s.http.Changed()
}

// begin reports whether a question should be put now, and if not, whether it is because it waits already.
func (w *widening) begin(key string, now time.Time) (ask, waiting bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open, w.refused = map[string]bool{}, map[string]time.Time{}
	}
	if w.open[key] {
		return false, true
	}
	if at, ok := w.refused[key]; ok && now.Sub(at) < refusalKept {
		return false, false
	}
	w.open[key] = true
	return true, false
}

func (w *widening) end(key string, refused time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, key)
	if !refused.IsZero() {
		w.refused[key] = refused
	}
}
