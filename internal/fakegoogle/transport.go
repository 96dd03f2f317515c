package fakegoogle

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// errCut is what a client sees of a connection that Google cut.
var errCut = errors.New("connection reset by peer")

// Transport returns a transport to this Google, without a network between.
func (g *Google) Transport() http.RoundTripper { return transport{g} }

type transport struct{ g *Google }

// RoundTrip serves the request in a goroutine of its own, so that a client that gives up is not kept waiting.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		in.Body = io.NopCloser(bytes.NewReader(body))
	} else {
		in.Body = http.NoBody
	}
	done := make(chan *recorder, 1)
	go func() {
		rec := newRecorder()
		defer func() {
			if v := recover(); v != nil {
				if v != http.ErrAbortHandler {
					panic(v)
				}
				rec.cut = true
			}
			done <- rec
		}()
		t.g.ServeHTTP(rec, in)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case rec := <-done:
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if rec.cut {
			return nil, errCut
		}
		code := rec.code
		if code == 0 {
			code = http.StatusOK
		}
		return &http.Response{
			Status: strconv.Itoa(code) + " " + http.StatusText(code), StatusCode: code, Proto: "HTTP/2.0", ProtoMajor: 2, Header: rec.header,
			Body: io.NopCloser(bytes.NewReader(rec.body.Bytes())), ContentLength: int64(rec.body.Len()), Request: r,
		}, nil
	}
}
