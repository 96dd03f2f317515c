package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Stream calls each with every event of a stream, until ctx ends, whose error it returns, or the bridge ends the stream,
// which is nil, or each returns an error, which it returns. A bridge that breaks off is an error too.
func (c *Client) Stream(ctx context.Context, path string, each func(json.RawMessage) error) error {
	resp, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || t != linesType {
		return fmt.Errorf("reading the bridge's events: the answer is no stream but %q", clip(resp.Header.Get("Content-Type")))
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	lines.Split(whole)
	for lines.Scan() {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 { // the bridge is alive
			continue
		}
		if !json.Valid(line) {
			return errors.New("reading the bridge's events: a line is not JSON")
		}
		if err := each(bytes.Clone(line)); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the bridge's events: %w", err)
	}
	return nil
}

// whole splits into lines as bufio.ScanLines does, but takes no line that was cut off: half a number is a number.
func whole(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}
