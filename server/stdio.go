package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

const (
	// maxLine is the most bytes of one message. Files go by handle, so no honest message is longer.
	maxLine = 8 << 20
	// grace is how long answers may still take after the client has closed its end: a client that pipes its requests
	// in closes at once, and wants them nevertheless.
	grace = 600 * time.Millisecond
	// stubborn is how long calls may take to end after they were cancelled.
	stubborn = 250 * time.Millisecond
	// workers is how many calls run at a time: those that wait for the owner must not hold up the others.
	workers = 64
)

// Stdio serves MCP over in and out until in ends, or ctx. Nothing but protocol is written to out.
func (s *Server) Stdio(ctx context.Context, in io.Reader, out io.Writer) error {
	s.init()
	w := &lineWriter{out: out}
	m := s.mcp(w.notify)
	r := newLineReader(in, w)
	stdio := server.NewStdioServer(m)
	stdio.SetErrorLogger(slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug))
	for _, o := range []server.StdioOption{server.WithWorkerPoolSize(workers), server.WithQueueSize(4 * workers)} {
		o(stdio)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { done <- stdio.Listen(ctx, r, w) }()
	select {
	case err := <-done:
		return ended(err)
	case <-r.ended:
	case <-ctx.Done():
	}
	cancel()
	timer := time.NewTimer(stubborn)
	defer timer.Stop()
	select {
	case err := <-done:
		return ended(err)
	case <-timer.C:
		return nil // a call that does not heed its cancellation is left to the end of the process
	}
}

// ended is no error if only the client has gone.
func ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// lineWriter writes whole lines, one at a time, and counts the answers.
type lineWriter struct {
	mu   sync.Mutex // guards the fields below
	out  io.Writer
	open int           // requests that are not answered
	idle chan struct{} // closed when open reaches 0; nil if nobody waits
}

// Write writes one message; mcp-go passes each whole.
func (w *lineWriter) Write(line []byte) (int, error) {
	var head struct {
		Method string          `json:"method"`
		ID     json.RawMessage `json:"id"`
	}
	answer := json.Unmarshal(line, &head) == nil && head.Method == "" && len(head.ID) > 0 && string(head.ID) != "null"
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.out.Write(line)
	if answer {
		w.open--
		w.wake()
	}
	return n, err
}

func (w *lineWriter) wake() {
	if w.open <= 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// notify writes a notification.
func (w *lineWriter) notify(method string, params any) {
	b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.out.Write(append(b, '\n')) // a client that has gone needs no progress
}

// asked notes a request that is on its way in.
func (w *lineWriter) asked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
}

// settled waits until every request is answered, at most for d.
func (w *lineWriter) settled(d time.Duration) {
	w.mu.Lock()
	if w.open <= 0 {
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

// lineReader passes on whole lines. One that is too long is passed on as something that is no JSON, so that it is
// answered as such and the session goes on; when the input ends, answers get their grace.
type lineReader struct {
	in    *bufio.Reader
	w     *lineWriter
	rest  []byte
	ended chan struct{}
	once  sync.Once
}

func newLineReader(in io.Reader, w *lineWriter) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 64<<10), w: w, ended: make(chan struct{})}
}

func (r *lineReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		line, err := r.line()
		if len(bytes.TrimSpace(line)) > 0 {
			r.count(line)
			r.rest = append(bytes.TrimRight(line, "\r\n"), '\n')
			break
		}
		if err != nil {
			r.w.settled(grace)
			r.once.Do(func() { close(r.ended) })
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// line reads one line of any length, and keeps none that is longer than maxLine.
func (r *lineReader) line() ([]byte, error) {
	var line []byte
	long := false
	for {
		piece, err := r.in.ReadSlice('\n')
		if !long {
			line = append(line, piece...)
		}
		if len(line) > maxLine {
			long, line = true, nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long {
			line = []byte("a message that is too long")
		}
		return line, err
	}
}

// count notes the line if it is a request.
func (r *lineReader) count(line []byte) {
	var head struct {
		Method string          `json:"method"`
		ID     json.RawMessage `json:"id"`
	}
	if json.Unmarshal(line, &head) == nil && head.Method != "" && len(head.ID) > 0 && string(head.ID) != "null" {
		r.w.asked()
	}
}
