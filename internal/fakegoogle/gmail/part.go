package gmail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strconv"
	"strings"
	"sync"
)

// maxDepth bounds nested multiparts and forwards, so that a hostile mail cannot exhaust the stack.
const maxDepth = 50

// part is one node of a mail's MIME tree, numbered as Gmail numbers it: "" for the root, then "0", "0.1", …
type part struct {
	id       string
	header   header
	media    string // media type in lower case
	charset  string
	filename string
	raw      []byte // the body in its transfer encoding
	parts    []*part

	sizeOnce sync.Once
	sizeOf   int
}

func parsePart(raw []byte, id string, depth int) *part {
	h, body := splitHeader(raw)
	return newPart(h, body, id, depth)
}

func newPart(h header, body []byte, id string, depth int) *part {
	p := &part{id: id, header: h, raw: body}
	var params map[string]string
	p.media, params = mediaType(h.get("Content-Type"))
	p.charset = params["charset"]
	p.filename = filename(h.get("Content-Disposition"), params)
	if depth >= maxDepth {
		return p
	}
	switch {
	case strings.HasPrefix(p.media, "multipart/") && params["boundary"] != "":
		for i, chunk := range splitMultipart(body, params["boundary"]) {
			p.parts = append(p.parts, parsePart(chunk, childID(id, i), depth+1))
		}
	case p.media == "message/rfc822":
		p.parts = []*part{parsePart(p.content(), childID(id, 0), depth+1)}
	}
	return p
}

func childID(parent string, i int) string {
	if parent == "" {
		return strconv.Itoa(i)
	}
	return parent + "." + strconv.Itoa(i)
}

// mediaType reads a Content-Type; a missing or broken one is text/plain, RFC 2045 section 5.2.
func mediaType(value string) (string, map[string]string) {
	if value == "" {
		return "text/plain", nil
	}
	media, params, err := mime.ParseMediaType(value)
	if err != nil && media == "" {
		media, _, _ = strings.Cut(value, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	if !strings.Contains(media, "/") {
		return "text/plain", params
	}
	return media, params
}

func filename(disposition string, contentParams map[string]string) string {
	if disposition != "" {
		if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
			return decodeWords(params["filename"])
		}
	}
	return decodeWords(contentParams["name"])
}

// splitMultipart returns the parts between the boundary lines; preamble and epilogue are dropped. A missing closing
// boundary is forgiven, as Gmail forgives it.
func splitMultipart(body []byte, boundary string) [][]byte {
	delimiter := []byte("--" + boundary)
	var chunks [][]byte
	start := -1
	for pos := 0; pos < len(body); {
		at := bytes.Index(body[pos:], delimiter)
		if at < 0 {
			break
		}
		at += pos
		end := at + len(delimiter)
		if at > 0 && body[at-1] != '\n' {
			pos = end
			continue
		}
		line, _, _ := bytes.Cut(body[end:], []byte("\n"))
		tail := bytes.TrimRight(line, " \t\r")
		closing := bytes.Equal(tail, []byte("--"))
		if !closing && len(tail) > 0 { // a longer boundary that begins like this one
			pos = end
			continue
		}
		if start >= 0 {
			chunks = append(chunks, trimLineEnd(body[start:max(start, at)]))
		}
		if closing {
			return chunks
		}
		start = min(end+len(line)+1, len(body))
		pos = start
	}
	if start >= 0 {
		chunks = append(chunks, body[start:])
	}
	return chunks
}

func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// content undoes the transfer encoding. Broken base64 gives what could be read before the break.
func (p *part) content() []byte {
	switch strings.ToLower(p.header.get("Content-Transfer-Encoding")) {
	case "base64":
		clean := make([]byte, 0, len(p.raw))
		for _, c := range p.raw {
			if c > ' ' && c != '=' {
				clean = append(clean, c)
			}
		}
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
		n, _ := base64.RawStdEncoding.Decode(out, clean)
		return out[:n]
	case "quoted-printable":
		out, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(p.raw)))
		return out
	}
	return p.raw
}

// data is what Gmail hands out for the part: decoded bytes, text in UTF-8.
func (p *part) data() []byte {
	if p.inline() {
		return toUTF8(p.content(), p.charset)
	}
	return p.content()
}

// size is the length of data in bytes.
func (p *part) size() int {
	p.sizeOnce.Do(func() {
		if !p.container() {
			p.sizeOf = len(p.data())
		}
	})
	return p.sizeOf
}

func (p *part) container() bool { return strings.HasPrefix(p.media, "multipart/") }

// inline reports whether Gmail puts the part's data into the answer: text without a file name. The rest is fetched by
// attachment id.
func (p *part) inline() bool { return strings.HasPrefix(p.media, "text/") && p.filename == "" }

// attached reports whether people see the part as an attachment: a named file that is not a picture of the HTML body.
func (p *part) attached() bool {
	if p.filename == "" || p.container() {
		return false
	}
	return p.header.get("Content-ID") == "" || strings.HasPrefix(strings.ToLower(p.header.get("Content-Disposition")), "attachment")
}

// walk visits the part and everything below it, depth first.
func (p *part) walk(visit func(*part)) {
	visit(p)
	for _, child := range p.parts {
		child.walk(visit)
	}
}

// find returns the part of that id, or nil.
func (p *part) find(id string) *part {
	if p.id == id {
		return p
	}
	for _, child := range p.parts {
		if found := child.find(id); found != nil {
			return found
		}
	}
	return nil
}
