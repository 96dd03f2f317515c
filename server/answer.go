package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// answer is what one HTTP request is answered with. mcp-go writes a message at a time: a JSON object, or an event of a
// stream. Notifications of the call go out by the answer itself: mcp-go queues them, and loses about half of those that
// are sent just before a handler returns.
type answer struct {
	w       http.ResponseWriter
	modern  bool   // the request is of 2026-07-28 or later, which tells errors by the HTTP status too
	streams bool   // the client takes a stream for an answer
	session string // "" since 2026-07-28, and before there is one
	asking  *questions

	mu     sync.Mutex // guards the fields below
	status int        // 0 until it is known
	state  answerState
	stop   chan struct{} // ends the keep-alives; nil if there are none
}

type answerState int

const (
	nothing   answerState = iota // has been written
	object                       // a JSON object has been written, which is all
	streaming                    // events are being written
	over                         // the request has been answered: nothing may be written any more
)

// keepAlive is how often a stream says that it still stands, so that nothing on the way takes it for dead.
const keepAlive = 25 * time.Second

func newAnswer(w http.ResponseWriter, r *http.Request, asking *questions) *answer {
	a := &answer{
		w: w, modern: mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)), asking: asking,
		streams: r.Method == http.MethodPost && strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/event-stream"),
	}
	if !a.modern {
		a.session = r.Header.Get(server.HeaderKeySessionID)
	}
	return a
}

// Header returns the headers of the answer.
func (a *answer) Header() http.Header { return a.w.Header() }

// WriteHeader remembers the status: that of an object is known when it has been looked at.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 {
		a.status = status
	}
	if a.state == nothing && strings.HasPrefix(a.w.Header().Get("Content-Type"), "text/event-stream") {
		a.begin()
	}
}

// begin makes the answer a stream. a.mu is held.
func (a *answer) begin() {
	a.state, a.status = streaming, http.StatusOK
	h := a.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no")
	a.w.WriteHeader(http.StatusOK)
	a.flush()
	stop := make(chan struct{})
	a.stop = stop
	go func() {
		tick := time.NewTicker(keepAlive)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				a.mu.Lock()
				if a.stop == stop {
					_, _ = a.w.Write([]byte(": still here\n\n")) // that nobody reads it is found by the next event
					a.flush()
				}
				a.mu.Unlock()
			}
		}
	}()
}

// Write takes one message.
func (a *answer) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == over {
		return 0, errOver
	}
	if a.state == streaming {
		message, event := bytes.CutPrefix(b, []byte("event: message\ndata: "))
		if !event && (len(b) == 0 || b[0] != '{') {
			_, err := a.w.Write(b)
			return len(b), err
		}
		message, _ = reworded(bytes.TrimSpace(message))
		return len(b), a.event(message)
	}
	message, code := reworded(b)
	if a.state == nothing {
		a.state = object
		if status := statusOf(code); a.modern && status != 0 {
			a.status = status
		}
		if a.status != 0 {
			a.w.WriteHeader(a.status)
		}
	}
	_, err := a.w.Write(message)
	return len(b), err
}

// event writes an event of the stream. a.mu is held.
func (a *answer) event(message []byte) error {
	_, err := a.w.Write(slices.Concat([]byte("event: message\ndata: "), message, []byte("\n\n")))
	a.flush()
	return err
}

// Flush sends what has been written.
func (a *answer) Flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == object || a.state == streaming {
		a.flush()
	}
}

func (a *answer) flush() { _ = http.NewResponseController(a.w).Flush() } // where that cannot be done, the end of the answer does

// end sends what has no body, and lets nothing follow.
func (a *answer) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == nothing && a.status != 0 {
		a.w.WriteHeader(a.status)
	}
	a.state = over
	if a.stop != nil {
		close(a.stop)
		a.stop = nil
	}
}

// notify makes the answer a stream, if the client takes one, and sends a notification.
func (a *answer) notify(method string, params any) {
	_ = a.send(encode(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})) // a client that has gone is found by the call's context
}

// send makes the answer a stream, if the client takes one, and sends a message.
func (a *answer) send(message []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.streams || a.state == object || a.state == over {
		return errOver
	}
	if a.state == nothing {
		a.begin()
	}
	return a.event(message)
}

// toolsChanged is nothing that a single request says: see HTTP.Changed.
func (a *answer) toolsChanged() {}

var errOver = errors.New("the request has been answered already")

var errNoQuestions = errors.New("this client can be asked nothing: it has no session, or takes no stream")

// ask puts a request to a client that has a session, on the stream of the call (MCP before 2026-07-28). Whether a client
// may be asked at all is for tool.Runner.MayElicit to say.
func (a *answer) ask(ctx context.Context, method string, params any) (reply, error) {
	if a.session == "" || !a.streams {
		return reply{}, errNoQuestions
	}
	return a.asking.ask(ctx, a.session, a.send, method, params)
}

// reworded puts the code of an error in its place, see fault.go, and returns it; 0 if nothing was changed.
func reworded(b []byte) ([]byte, int) {
	if !bytes.Contains(b, []byte(`"error":`)) {
		return b, 0
	}
	var m struct {
		ID    json.RawMessage `json:"id"`
		Error *protocolError  `json:"error"`
	}
	if json.Unmarshal(b, &m) != nil || m.Error == nil || !m.Error.reword() {
		return b, 0
	}
	return encode(map[string]any{"jsonrpc": "2.0", "id": m.ID, "error": m.Error}), m.Error.Code
}

// statusOf is the HTTP status of an error since 2026-07-28; 0 leaves that of mcp-go.
func statusOf(code int) int {
	switch code {
	case mcp.INVALID_PARAMS, mcp.INVALID_REQUEST, mcp.PARSE_ERROR, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY:
		return http.StatusBadRequest
	case mcp.METHOD_NOT_FOUND:
		return http.StatusNotFound
	}
	return 0
}
