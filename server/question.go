package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
)

// questions are what clients were asked and have not answered yet.
type questions struct {
	mu   sync.Mutex // guards the field below
	open map[asked]chan reply
}

// asked is a question: the session in which it was put, "" over stdio, and its id.
type asked struct{ session, id string }

// reply is the client's answer to a question of the server.
type reply struct {
	Result json.RawMessage
	Error  *protocolError
}

// protocolError is an error of JSON-RPC 2.0 section 5.1.
type protocolError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// ask sends a request and waits for its answer. When ctx ends first, the client is told to forget it.
func (q *questions) ask(ctx context.Context, session string, send func(message []byte) error, method string, params any) (reply, error) {
	answered := make(chan reply, 1)
	key := asked{session, "postern-" + rand.Text()}
	q.mu.Lock()
	if q.open == nil {
		q.open = map[asked]chan reply{}
	}
	q.open[key] = answered
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.open, key)
	}()
	if err := send(encode(map[string]any{"jsonrpc": "2.0", "id": key.id, "method": method, "params": params})); err != nil {
		return reply{}, err
	}
	select {
	case r := <-answered:
		return r, nil
	case <-ctx.Done():
		_ = send(encode(map[string]any{"jsonrpc": "2.0", "method": "notifications/cancelled", // a client that has gone needs not be told
			"params": map[string]any{"requestId": key.id, "reason": "the question is settled, or no longer put"}}))
		return reply{}, ctx.Err()
	}
}

// replied passes on a client's answer to a question. One that no question of its session waits for is dropped.
func (q *questions) replied(session string, id json.RawMessage, r reply) {
	var name string
	if json.Unmarshal(id, &name) != nil {
		return
	}
	key := asked{session, name}
	q.mu.Lock()
	defer q.mu.Unlock()
	if to, ok := q.open[key]; ok {
		delete(q.open, key)
		to <- r
	}
}
