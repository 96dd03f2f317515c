package ngroktest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
)

// forwarder brings a request to the agent on a stream of its own, as HTTP/1.1 and with the target as the client wrote it.
type forwarder struct{ edge *Edge }

// RoundTrip is http.RoundTripper's. The stream is closed with the answer's body, or when the client is gone.
func (f forwarder) RoundTrip(r *http.Request) (*http.Response, error) {
	p, ok := r.Context().Value(endpointKey{}).(*endpoint)
	if !ok {
		return nil, errNoEndpoint
	}
	stream, err := p.session.open(typeProxy)
	if err != nil {
		return nil, err
	}
	// Closing may wait for a write that waits for the agent, so the public connection does not wait for it.
	hangUp := func() { p.session.spawn(func() { stream.Close() }) }
	stop := context.AfterFunc(r.Context(), hangUp)
	answer, err := f.exchange(p, stream, r)
	if err != nil {
		if stop() {
			hangUp()
		}
		return nil, err
	}
	answer.Body = &answerBody{ReadCloser: answer.Body, hangUp: func() {
		if stop() {
			hangUp()
		}
	}}
	return answer, nil
}

type answerBody struct {
	io.ReadCloser
	hangUp func()
}

// Close hangs up first: closing the body alone would read it to the end.
func (b *answerBody) Close() error {
	b.hangUp()
	return nil
}

// exchange sends the request and reads the head of the answer, while the request's body may still be on its way.
func (f forwarder) exchange(p *endpoint, stream *carrier, r *http.Request) (*http.Response, error) {
	head, err := proxyHeader{ID: p.id, ClientAddr: r.RemoteAddr, Proto: "https", EdgeType: "3"}.encode()
	if err != nil {
		return nil, err
	}
	if _, err := stream.Write(append(head, requestHead(r)...)); err != nil {
		return nil, err
	}
	asked := make(chan struct{})   // closed when the agent wants the body
	unasked := make(chan struct{}) // closed when it has answered without
	defer close(unasked)
	waits := r.Header.Get("Expect") != ""
	if expects := waits; r.Body != nil && r.Body != http.NoBody {
		p.session.spawn(func() {
			if expects {
				select {
				case <-asked:
				case <-unasked:
					return
				}
			}
			f.sendBody(stream, r)
		})
	}
	in := bufio.NewReaderSize(stream, 32<<10)
	for {
		answer, err := http.ReadResponse(in, r)
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

// sendBody sends the request's body. When that fails, reading the answer tells; a client that breaks off takes the stream
// with it.
func (f forwarder) sendBody(stream *carrier, r *http.Request) {
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
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
