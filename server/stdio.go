package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

const (
	// grace is how long answers may still take after the client has closed its end: a client that pipes its requests
	// in closes at once, and wants them nevertheless. With stubborn, and the end of the Runner, it stays below a second.
	grace = 500 * time.Millisecond
	// stubborn is how long calls may take to end after they were cancelled.
	stubborn = 100 * time.Millisecond
	// workers is how many calls run at a time: those that wait for the owner must not hold up the others.
	workers = 64
)

// Stdio serves MCP over in and out until in ends, or ctx. Nothing but protocol is written to out.
func (s *Server) Stdio(ctx context.Context, in io.Reader, out io.Writer) error {
	s.init()
	w := &lineWriter{out: out}
	r := newLineReader(in, w)
	stdio := server.NewStdioServer(s.mcp())
	stdio.SetErrorLogger(slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug))
	for _, o := range []server.StdioOption{server.WithWorkerPoolSize(workers), server.WithQueueSize(4 * workers)} {
		o(stdio)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(withWay(ctx, w))
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
