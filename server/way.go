package server

import "context"

// way is how a call reaches its client before it is answered.
type way interface {
	// notify sends a notification, which stands before the answer.
	notify(method string, params any)
	// toolsChanged tells the client that the list of tools has changed, if it wants to know.
	toolsChanged()
	// ask puts a request to the client and waits for its answer.
	ask(ctx context.Context, method string, params any) (reply, error)
}

type wayKey struct{}

func withWay(ctx context.Context, w way) context.Context { return context.WithValue(ctx, wayKey{}, w) }

// wayOf returns the way of the request that ctx belongs to, nil if there is none but the answer.
func wayOf(ctx context.Context) way {
	w, _ := ctx.Value(wayKey{}).(way)
	return w
}
