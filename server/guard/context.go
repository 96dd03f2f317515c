package guard

import (
	"context"

	"postern/server/oauth"
)

type holderKey struct{}

// From returns the holder of the token with which the request was sent that ctx belongs to.
func From(ctx context.Context) (oauth.Holder, bool) {
	h, ok := ctx.Value(holderKey{}).(oauth.Holder)
	return h, ok
}
