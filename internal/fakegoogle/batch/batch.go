// Package batch reads and writes the multipart/mixed bodies of Google's batch endpoints.
package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// Max is how many calls Google takes in one batch.
const Max = 100

// Request is one call of a batch.
type Request struct {
	ID string // the part's Content-ID, as sent
	*http.Request
}

// Response is the answer to one call of a batch.
type Response struct {
	ID     string // the part's Content-ID
	Status int
	Header http.Header
	Body   []byte
}

// Requests reads the calls out of a batch request's body. Their URLs are as sent: a path, or a whole URL.
func Requests(contentType string, body io.Reader) ([]Request, error) {
	var out []Request
	err := parts(contentType, body, func(id string, r *bufio.Reader) error {
		req, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return err
		}
		if len(data) == 0 && req.ContentLength == 0 {
			// Without a Content-Length, what follows the headers is the body all the same.
			if data, err = io.ReadAll(r); err != nil {
				return err
			}
			data = bytes.TrimSpace(data)
		}
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		if len(data) == 0 {
			req.Body = http.NoBody
		}
		out = append(out, Request{id, req})
		return nil
	})
	return out, err
}

// Responses reads the answers out of a batch answer's body.
func Responses(contentType string, body io.Reader) ([]Response, error) {
	var out []Response
	err := parts(contentType, body, func(id string, r *bufio.Reader) error {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		out = append(out, Response{id, resp.StatusCode, resp.Header, data})
		return nil
	})
	return out, err
}

func parts(contentType string, body io.Reader, each func(id string, r *bufio.Reader) error) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type of a batch %q: %w", contentType, err)
	}
	if media != "multipart/mixed" || params["boundary"] == "" {
		return fmt.Errorf("content type of a batch is %q, not multipart/mixed with a boundary", contentType)
	}
	reader := multipart.NewReader(body, params["boundary"])
	for n := 1; ; n++ {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("part %d of the batch: %w", n, err)
		}
		if got, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); got != "application/http" {
			return fmt.Errorf("part %d of the batch is %q, not application/http", n, got)
		}
		if err := each(part.Header.Get("Content-ID"), bufio.NewReader(part)); err != nil {
			return fmt.Errorf("part %d of the batch: %w", n, err)
		}
	}
}

// Write writes answers as a batch answer and returns its content type.
func Write(w io.Writer, answers []Response) (contentType string, err error) {
	out := multipart.NewWriter(w)
	if err := out.SetBoundary("batch_" + out.Boundary()[:32]); err != nil {
		return "", err
	}
	for _, a := range answers {
		h := textproto.MIMEHeader{"Content-Type": {"application/http"}}
		if a.ID != "" {
			h["Content-ID"] = []string{a.ID}
		}
		part, err := out.CreatePart(h)
		if err != nil {
			return "", err
		}
		header := a.Header.Clone()
		if header == nil {
			header = http.Header{}
		}
		header.Set("Content-Length", strconv.Itoa(len(a.Body)))
		var head bytes.Buffer
		fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
		if err := header.Write(&head); err != nil {
			return "", err
		}
		head.WriteString("\r\n")
		head.Write(a.Body)
		if _, err := part.Write(head.Bytes()); err != nil {
			return "", err
		}
	}
	return "multipart/mixed; boundary=" + out.Boundary(), out.Close()
}

// Answering returns the Content-ID that answers id: <x> gives <response-x>, and none gives none.
func Answering(id string) string {
	if id == "" {
		return ""
	}
	if inner, ok := strings.CutPrefix(id, "<"); ok {
		return "<response-" + inner
	}
	return "response-" + id
}
