package guard

import (
	"context"

	"postern/server/oauth"
	"postern/server/peek"
)

type holderKey struct{}

// From returns the holder of the token with which the request was sent that ctx belongs to.
func From(ctx context.Context) (oauth.Holder, bool) {
	h, ok := ctx.Value(holderKey{}).(oauth.Holder)
	return h, ok
}

type messageKey struct{}

// MessageFrom returns what the request says that ctx belongs to; ok is false of one without a message.
func MessageFrom(ctx context.Context) (m peek.Message, ok bool) {
	m, ok = ctx.Value(messageKey{}).(peek.Message)
	return m, ok
}
