package fakegoogle

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// chunkUnit is what every chunk but the last of a resumable upload is a multiple of.
const chunkUnit = 256 << 10

// upload is a resumable upload that has begun.
type upload struct {
	verb     string
	meta     []byte
	mimeType string
	data     []byte
	total    int // -1 as long as it is not known
	query    url.Values
}

func (g *Google) upload(id string) *upload {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.uploads[id]
}

// receive takes an upload apart. done is false if it has answered itself: a session was begun, or more is to come.
func (g *Google) receive(w http.ResponseWriter, r *http.Request, m *route, body []byte) (done bool, meta []byte, media *Media) {
	switch r.URL.Query().Get("uploadType") {
	case "media":
		return true, nil, &Media{Type: r.Header.Get("Content-Type"), Data: body}
	case "multipart":
		meta, media, err := related(r.Header.Get("Content-Type"), body)
		if err != nil {
			Fail(w, Failure{Code: 400, Reason: "badContent", Message: err.Error()})
			return false, nil, nil
		}
		return true, meta, media
	case "resumable":
		if id := r.URL.Query().Get("upload_id"); id != "" {
			return g.chunk(w, r, id, body)
		}
		g.begin(w, r, body)
		return false, nil, nil
	}
	Fail(w, Failure{Code: 400, Reason: "badRequest", Message: "Unsupported or missing upload type."})
	return false, nil, nil
}

// related reads the two parts of a multipart/related upload: JSON, then media.
func related(contentType string, body []byte) ([]byte, *Media, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/related" {
		return nil, nil, fmt.Errorf("a multipart upload is multipart/related, not %q", contentType)
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		return nil, nil, fmt.Errorf("the metadata is missing: %w", err)
	}
	meta, err := io.ReadAll(first)
	if err != nil {
		return nil, nil, err
	}
	second, err := parts.NextPart()
	if err != nil {
		return nil, nil, fmt.Errorf("the media is missing: %w", err)
	}
	data, err := io.ReadAll(second)
	return meta, &Media{Type: second.Header.Get("Content-Type"), Data: data}, err
}

// begin opens a session of a resumable upload.
func (g *Google) begin(w http.ResponseWriter, r *http.Request, meta []byte) {
	id := "up" + g.random(20)
	g.mu.Lock()
	g.uploads[id] = &upload{verb: r.Method, meta: meta, mimeType: r.Header.Get("X-Upload-Content-Type"), total: -1, query: r.URL.Query()}
	g.mu.Unlock()
	q := r.URL.Query()
	q.Set("upload_id", id)
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	w.Header().Set("Location", "https://"+host+r.URL.EscapedPath()+"?"+q.Encode())
	w.Header().Set("X-GUploader-UploadID", id)
	w.WriteHeader(http.StatusOK)
}

// chunk takes the next piece: "bytes 0-262143/1000000", "bytes 262144-*/*" or the question "bytes */1000000".
func (g *Google) chunk(w http.ResponseWriter, r *http.Request, id string, body []byte) (bool, []byte, *Media) {
	g.mu.Lock()
	up := g.uploads[id]
	if up == nil {
		g.mu.Unlock()
		Fail(w, Failure{Code: 404, Reason: "notFound", Message: "The upload session is not known."})
		return false, nil, nil
	}
	start, total, err := contentRange(r.Header.Get("Content-Range"), len(body))
	switch {
	case err != nil:
	case start > len(up.data):
		err = fmt.Errorf("the upload has %d bytes, the chunk begins at %d", len(up.data), start)
	case start >= 0 && total < 0 && len(body)%chunkUnit != 0:
		err = fmt.Errorf("a chunk that is not the last has a multiple of %d bytes", chunkUnit)
	}
	if err != nil {
		g.mu.Unlock()
		Fail(w, Failure{Code: 400, Reason: "badRequest", Message: err.Error()})
		return false, nil, nil
	}
	if start >= 0 {
		up.data = append(up.data[:start], body...)
	}
	if total >= 0 {
		up.total = total
	}
	whole := up.total >= 0 && len(up.data) >= up.total
	have := len(up.data)
	if whole {
		delete(g.uploads, id)
	}
	g.mu.Unlock()
	if whole {
		return true, up.meta, &Media{Type: up.mimeType, Data: up.data}
	}
	if have > 0 {
		w.Header().Set("Range", "bytes=0-"+strconv.Itoa(have-1))
	}
	w.Header().Set("X-Http-Status-Code-Override", "308")
	if r.Header.Get("X-GUploader-No-308") == "yes" {
		w.WriteHeader(http.StatusOK)
		return false, nil, nil
	}
	w.WriteHeader(http.StatusPermanentRedirect)
	return false, nil, nil
}

// contentRange reads a Content-Range; start is -1 if no bytes are sent, total is -1 if it is not known.
func contentRange(value string, n int) (start, total int, err error) {
	if value == "" {
		return 0, n, nil
	}
	span, size, ok := strings.Cut(strings.TrimPrefix(value, "bytes "), "/")
	if !ok {
		return 0, 0, fmt.Errorf("malformed Content-Range %q", value)
	}
	total = -1
	if size != "*" {
		if total, err = strconv.Atoi(size); err != nil {
			return 0, 0, fmt.Errorf("malformed Content-Range %q", value)
		}
	}
	if span == "*" {
		return -1, total, nil
	}
	first, _, _ := strings.Cut(span, "-")
	if start, err = strconv.Atoi(first); err != nil || start < 0 {
		return 0, 0, fmt.Errorf("malformed Content-Range %q", value)
	}
	return start, total, nil
}
