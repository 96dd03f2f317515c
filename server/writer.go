package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// lineWriter writes whole lines, one at a time, and keeps the account of requests: which are open, which the client
// has given up, which belong together in a batch.
type lineWriter struct {
	writing sync.Mutex // held while a line is written, by itself: a client that reads no more holds up nothing else
	out     io.Writer
	asking  questions

	mu        sync.Mutex                 // guards the fields below
	open      map[string][]*request      // not answered yet, by id
	left      int                        // how many those are, those of a batch until it is written
	idle      chan struct{}              // closed when left reaches 0; nil if nobody waits
	refusals  [][]byte                   // not written yet; the first is being written
	handshake bool                       // the client has sent initialize, as before 2026-07-28
	streams   map[string]json.RawMessage // ids of the subscriptions/listen that want to know of a changed list of tools
}

// request is one that the client waits for.
type request struct {
	batch   *batch // nil if it came alone
	cancel  func() // ends the call; nil before it has begun
	givenUp bool   // by notifications/cancelled: no answer is sent any more
}

// batch is an array of messages (2025-03-26), which is answered by an array.
type batch struct {
	left    int // answers that are missing, and one while it is read
	answers [][]byte
}

// Write takes one message; mcp-go passes each whole.
func (w *lineWriter) Write(line []byte) (int, error) {
	var head struct {
		Method string          `json:"method"`
		ID     json.RawMessage `json:"id"`
		Error  *protocolError  `json:"error"`
	}
	if json.Unmarshal(line, &head) != nil || head.Method != "" || !given(head.ID) {
		return len(line), w.put(line)
	}
	answer := bytes.TrimRight(line, "\n")
	if head.Error != nil && head.Error.reword() {
		answer = encode(map[string]any{"jsonrpc": "2.0", "id": head.ID, "error": head.Error})
	}
	return len(line), w.answer(head.ID, answer)
}

// put writes a line.
func (w *lineWriter) put(line []byte) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	_, err := w.out.Write(append(bytes.TrimRight(line, "\n"), '\n'))
	return err
}

// answer writes an answer to an open request: nothing if it was given up, later if it belongs to a batch.
func (w *lineWriter) answer(id json.RawMessage, answer []byte) error {
	key := idKey(id)
	w.mu.Lock()
	list := w.open[key]
	if len(list) == 0 {
		w.mu.Unlock()
		return w.put(answer)
	}
	q := list[0]
	if w.open[key] = list[1:]; len(list) == 1 {
		delete(w.open, key)
	}
	if q.givenUp {
		answer = nil
	}
	if q.batch != nil {
		w.mu.Unlock()
		return w.collect(q.batch, answer, 1)
	}
	w.mu.Unlock()
	var err error
	if answer != nil {
		err = w.put(answer)
	}
	w.done(1)
	return err
}

// collect adds an answer to its batch (nil for none), and writes the batch if it is whole.
func (w *lineWriter) collect(b *batch, answer []byte, n int) error {
	w.mu.Lock()
	if answer != nil {
		b.answers = append(b.answers, bytes.Clone(answer)) // mcp-go uses its buffer again
	}
	b.left -= n
	whole, answers := b.left == 0, b.answers
	w.mu.Unlock()
	var err error
	if whole && len(answers) > 0 {
		err = w.put(append(append([]byte{'['}, bytes.Join(answers, []byte{','})...), ']'))
	}
	w.done(n)
	return err
}

// expect notes n requests that are on their way in.
func (w *lineWriter) expect(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left += n
}

func (w *lineWriter) done(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left -= n; w.left <= 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// began notes that the client has opened the session as before 2026-07-28.
func (w *lineWriter) began() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handshake = true
}

// listen notes a stream that wants to know of a changed list of tools.
func (w *lineWriter) listen(id json.RawMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.streams == nil {
		w.streams = map[string]json.RawMessage{}
	}
	w.streams[idKey(id)] = id
}

// note opens a request.
func (w *lineWriter) note(id json.RawMessage, b *batch) {
	w.expect(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[string][]*request{}
	}
	key := idKey(id)
	w.open[key] = append(w.open[key], &request{batch: b})
	if b != nil {
		b.left++
	}
}

// giveUp notes that the client no longer wants an answer.
func (w *lineWriter) giveUp(id json.RawMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := idKey(id)
	delete(w.streams, key)
	for _, q := range w.open[key] {
		q.givenUp = true
		if q.cancel != nil {
			q.cancel()
		}
	}
}

// running notes how a call is ended that has begun, and ends it if the client has given it up already.
func (w *lineWriter) running(key string, cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.open[key] {
		if q.cancel == nil {
			if q.cancel = cancel; q.givenUp {
				cancel()
			}
			return
		}
	}
}

// refuse answers a message that goes no further. The id is null if it is not known.
func (w *lineWriter) refuse(id json.RawMessage, b *batch, code int, format string, args ...any) {
	if !given(id) {
		id = json.RawMessage("null")
	}
	answer := encode(map[string]any{"jsonrpc": "2.0", "id": id, "error": protocolError{Code: code, Message: fmt.Sprintf(format, args...)}})
	if b != nil {
		_ = w.collect(b, answer, 0)
		return
	}
	w.later(answer)
}

// maxRefusals is how many refusals may wait for a client that reads no more. What comes after is not answered.
const maxRefusals = 256

// later writes a line without holding up who asks for it: that is who reads the client's words, and must go on, to see
// that the client has gone.
func (w *lineWriter) later(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.refusals) >= maxRefusals {
		return
	}
	w.left++
	if w.refusals = append(w.refusals, line); len(w.refusals) > 1 {
		return
	}
	go w.writeRefusals(line)
}

// writeRefusals writes what waits, beginning with the first, until nothing does. To take out the last one and to end is
// one step: what comes after it begins anew.
func (w *lineWriter) writeRefusals(next []byte) {
	for next != nil {
		_ = w.put(next) // a client that has gone needs no answer
		w.mu.Lock()
		next = nil
		if w.refusals = w.refusals[1:]; len(w.refusals) > 0 {
			next = w.refusals[0]
		}
		w.mu.Unlock()
		w.done(1)
	}
}

// notify writes a notification at once, so that it stands before the answer that follows it. (mcp-go queues
// notifications, and loses those that are sent just before a handler returns.)
func (w *lineWriter) notify(method string, params any) {
	_ = w.put(encode(map[string]any{"jsonrpc": "2.0", "method": method, "params": params}))
}

// toolsChanged tells the client that the list of tools has changed, if it is one that wants to know.
func (w *lineWriter) toolsChanged() {
	const method = "notifications/tools/list_changed"
	w.mu.Lock()
	plain := w.handshake
	ids := make([]json.RawMessage, 0, len(w.streams))
	for _, id := range w.streams {
		ids = append(ids, id)
	}
	w.mu.Unlock()
	if plain {
		w.notify(method, map[string]any{})
	}
	for _, id := range ids {
		w.notify(method, map[string]any{"_meta": map[string]any{"io.modelcontextprotocol/subscriptionId": id}})
	}
}

// ask puts a request to the client and waits for its answer. When ctx ends first, the client is told to forget it.
func (w *lineWriter) ask(ctx context.Context, method string, params any) (reply, error) {
	return w.asking.ask(ctx, "", func(message []byte) error { return w.put(message) }, method, params)
}

// settled waits until every request is answered, at most for d.
func (w *lineWriter) settled(d time.Duration) {
	w.mu.Lock()
	if w.left <= 0 {
		w.mu.Unlock()
		return
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
}

// given reports whether a message has an id.
func given(id json.RawMessage) bool { return len(id) > 0 && string(id) != "null" }

// idKey is an id as mcp-go writes it in the answer, which is not always as it came: 1.0 becomes 1.
func idKey(id json.RawMessage) string {
	var v any
	if json.Unmarshal(id, &v) != nil {
		return string(id)
	}
	return string(encode(v))
}

// encode writes plain data, which cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}
