package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// early is how long before its end an access token is replaced.
const early = 5 * time.Minute

// renewalLimit is how long the replacement of a token may take; it goes on when the call that wanted it is cancelled.
const renewalLimit = 30 * time.Second

// token is an access token in memory.
type token struct {
	value    string
	expires  time.Time
	signedIn time.Time // the sign-in that it comes from
}

// SignInAgainError says that Google no longer accepts a profile's credentials. Only the owner can end that.
type SignInAgainError struct {
	Profile string
	Reason  string
}

func (e *SignInAgainError) Error() string {
	return fmt.Sprintf("profile %q must sign in again: %s", e.Profile, e.Reason)
}

// OwnerMust returns the command that ends it.
func (e *SignInAgainError) OwnerMust() string { return "postern profiles refresh " + e.Profile }

// accessToken returns a token that is good for a while, and not the one that was refused. If Google cannot be reached,
// one that is good for a moment will do.
func (p *Profiles) accessToken(ctx context.Context, id, refused string) (string, error) {
	p.mu.Lock()
	t := p.tokens[id]
	p.mu.Unlock()
	if t != nil && t.value == refused {
		t = nil
	}
	if t != nil && p.now().Add(early).Before(t.expires) {
		return t.value, nil
	}
	ch := p.renewal.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalLimit)
		defer cancel()
		return p.renew(ctx, id)
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-ch:
		if r.Err == nil {
			return r.Val.(string), nil
		}
		var again *SignInAgainError
		if t != nil && !errors.As(r.Err, &again) && !errors.Is(r.Err, ErrNotFound) && p.now().Before(t.expires) {
			return t.value, nil
		}
		return "", r.Err
	}
}

// remember keeps the token of an answer that came just now.
func (p *Profiles) remember(one Profile, t *oauth2.Token) {
	life := time.Hour
	if n, ok := t.Extra("expires_in").(float64); ok && n > 0 {
		life = time.Duration(n) * time.Second
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens == nil {
		p.tokens = map[string]*token{}
	}
	p.tokens[one.ID] = &token{t.AccessToken, p.now().Add(life), one.SignedInAt}
}

func (p *Profiles) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tokens, id)
}

// refused forgets a token that Google does not take.
func (p *Profiles) refused(id, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tokens[id]; t != nil && t.value == value {
		delete(p.tokens, id)
	}
}

// outdate forgets a token of an earlier sign-in than the index has: it lacks the scopes that were added since.
func (p *Profiles) outdate(id string, signedIn time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tokens[id]; t != nil && !t.signedIn.Equal(signedIn) {
		delete(p.tokens, id)
	}
}
