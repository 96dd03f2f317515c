package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// MaxBody is the longest body of a request, in bytes.
const MaxBody = 1 << 20

// What every request carries.
const (
	host        = "postern"
	header      = "Postern-Control"
	headerValue = "1"
)

const (
	headerLimit = 5 * time.Second  // for the header of a request
	bodyLimit   = 10 * time.Second // for its body
	idleLimit   = time.Minute      // between two requests
	grace       = 2 * time.Second  // for handlers to end
)

// Serve answers requests until ctx ends or the Listener is closed, and then returns nil. The context of every request
// ends with ctx; handlers that take longer than two seconds to notice are left alone with a closed connection.
// It leaves the Listener to be closed, so that the lock is held until the caller has put everything away.
func Serve(ctx context.Context, l *Listener, h http.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           guard(h),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withPeer,
		ReadHeaderTimeout: headerLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(l.log().Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(acceptor{l}) }()
	var err error
	select {
	case <-ctx.Done():
		stop(server)
		<-ended
	case err = <-ended:
		cancel()
		stop(server)
	}
	if err == nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serving the control socket: %w", err)
}

// stop waits for the handlers, a while.
func stop(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

// guard refuses what a web page could have sent and bodies that are too long, and hands over the body whole: only after
// its end does net/http notice that the client has gone.
func guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != host:
			Fail(w, http.StatusForbidden, fmt.Errorf("the host must be %q", host))
			return
		case r.Header.Get(header) != headerValue:
			Fail(w, http.StatusForbidden, fmt.Errorf("the header %s: %s is missing", header, headerValue))
			return
		case r.Header.Get("Origin") != "":
			Fail(w, http.StatusForbidden, errors.New("web pages have no access"))
			return
		}
		if status, err := readBody(w, r); err != nil {
			w.Header().Set("Connection", "close")
			Fail(w, status, err)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// readBody reads the body and puts it back. With an error comes the status for it.
func readBody(w http.ResponseWriter, r *http.Request) (status int, err error) {
	if r.ContentLength == 0 {
		return 0, nil
	}
	tooLong := fmt.Errorf("the body is longer than %d bytes", MaxBody)
	if r.ContentLength > MaxBody {
		return http.StatusRequestEntityTooLarge, tooLong
	}
	conn := http.NewResponseController(w)
	if err := conn.SetReadDeadline(time.Now().Add(bodyLimit)); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("reading the body: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge, tooLong
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, fmt.Errorf("the body did not come within %v", bodyLimit)
	case err != nil:
		return http.StatusBadRequest, errors.New("the body is malformed or broke off")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := conn.SetReadDeadline(time.Time{}); err != nil { // net/http reads on, to notice that the client goes
		return http.StatusInternalServerError, fmt.Errorf("reading the body: %w", err)
	}
	return 0, nil
}
