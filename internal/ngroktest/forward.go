package ngroktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
)

// forwarder brings a request to the agent as HTTP/1.1, with the target as the client wrote it.
type forwarder struct{ edge *Edge }

var (
	errUnrouted = errors.New("the request was not routed")
	errStale    = errors.New("the agent closed the line before the request")
)

// RoundTrip is http.RoundTripper's. The line hangs up when the client is gone.
func (f forwarder) RoundTrip(r *http.Request) (*http.Response, error) {
	p, routed := r.Context().Value(endpointKey{}).(*endpoint)
	n, connected := r.Context().Value(laneKey{}).(*lane)
	if !routed || !connected {
		return nil, errUnrouted
	}
	if l := n.take(p); l != nil {
		answer, err := f.call(n, l, r)
		if !errors.Is(err, errStale) || hasBody(r) {
			return answer, err
		}
	}
	l, err := newLine(p, outside(r.RemoteAddr))
	if err != nil {
		return nil, err
	}
	return f.call(n, l, r)
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// call has the agent answer the request on a line.
func (f forwarder) call(n *lane, l *line, r *http.Request) (*http.Response, error) {
	stop := context.AfterFunc(r.Context(), l.hangUp)
	sent := make(chan struct{}) // closed when the whole request is sent
	answer, err := f.exchange(l, r, sent)
	if err != nil {
		stop()
		l.hangUp()
		return nil, err
	}
	body := &answerBody{ReadCloser: answer.Body}
	body.done = func() {
		select {
		case <-sent:
			if stop() && body.whole && !answer.Close {
				n.put(l)
				return
			}
		default:
			stop()
		}
		l.hangUp()
	}
	answer.Body = body
	return answer, nil
}

// answerBody is the body of an answer, which frees its line.
type answerBody struct {
	io.ReadCloser
	whole bool // read to the end
	done  func()
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.whole = b.whole || err == io.EOF
	return n, err
}

// Close frees the line; closing the body within would read it to the end.
func (b *answerBody) Close() error {
	b.done()
	return nil
}

// exchange sends the request and reads the head of the answer, while the request's body may still be on its way.
func (f forwarder) exchange(l *line, r *http.Request, sent chan<- struct{}) (*http.Response, error) {
	head := append(l.opening, requestHead(r)...)
	l.opening = nil
	if _, err := l.stream.Write(head); err != nil {
		if l.heard != nil {
			return nil, errStale
		}
		return nil, err
	}
	asked := make(chan struct{})   // closed when the agent wants the body
	unasked := make(chan struct{}) // closed when it has answered without
	defer close(unasked)
	expects := r.Header.Get("Expect") != ""
	if !hasBody(r) {
		close(sent)
	} else {
		l.endpoint.session.spawn(func() {
			if expects {
				select {
				case <-asked:
				case <-unasked:
					return
				}
			}
			if f.sendBody(l.stream, r) {
				close(sent)
			}
		})
	}
	if l.heard != nil {
		err := <-l.heard
		l.heard = nil
		if err != nil && r.Context().Err() == nil {
			return nil, errStale
		}
	}
	for waits := expects; ; {
		answer, err := http.ReadResponse(l.in, r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the agent's answer: %w", err)
		case answer.StatusCode >= 200:
			return answer, nil
		case answer.StatusCode == http.StatusSwitchingProtocols:
			return nil, fmt.Errorf("the agent switches to %q, which is not imitated", answer.Header.Get("Upgrade"))
		case answer.StatusCode == http.StatusContinue && waits:
			waits = false
			close(asked)
		}
	}
}

// requestHead returns the request line and the header.
func requestHead(r *http.Request) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Host)
	switch {
	case r.ContentLength > 0 || r.Header.Get("Content-Length") != "":
		fmt.Fprintf(&b, "Content-Length: %d\r\n", max(r.ContentLength, 0))
	case r.ContentLength < 0 && r.Body != nil:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	}
	r.Header.WriteSubset(&b, framing)
	if agent := r.UserAgent(); agent != "" { // which the proxy makes empty where there was none
		fmt.Fprintf(&b, "User-Agent: %s\r\n", agent)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// framing are the headers that the edge writes itself.
var framing = map[string]bool{"Content-Length": true, "Transfer-Encoding": true, "Host": true, "Trailer": true, "User-Agent": true}

// sendBody sends the request's body and reports whether it went out whole. Reading the answer tells what went wrong; a
// client that breaks off takes the line with it.
func (f forwarder) sendBody(stream *carrier, r *http.Request) (whole bool) {
	var out io.WriteCloser = nopCloser{stream}
	if r.ContentLength < 0 {
		out = httputil.NewChunkedWriter(stream)
	}
	_, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{r.Body}, make([]byte, 32<<10))
	if err == nil {
		err = out.Close()
	}
	if err == nil && r.ContentLength < 0 {
		_, err = io.WriteString(stream, "\r\n") // the end of the trailers, of which there are none
	}
	if err != nil {
		f.edge.log("%s %s: sending the body: %v", r.Method, r.Host, err)
	}
	return err == nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
