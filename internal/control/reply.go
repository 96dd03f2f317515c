package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// linesType is the media type of a stream.
const linesType = "application/x-ndjson"

const (
	heartbeat = 15 * time.Second // between two lines of a stream, at most
	patience  = 10 * time.Second // for a client that does not read
)

// failure is the body of a refusal.
type failure struct {
	Error string `json:"error"`
}

// Reply answers with v as JSON, or with 204 and no body if v is nil.
func Reply(w http.ResponseWriter, v any) {
	if v == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		Fail(w, http.StatusInternalServerError, fmt.Errorf("writing the answer: %w", err))
		return
	}
	write(w, http.StatusOK, b)
}

// Fail answers with the text of err and the status, which the client gets as an *Error.
func Fail(w http.ResponseWriter, status int, err error) {
	b, _ := json.Marshal(failure{err.Error()}) // a string can always be marshalled
	write(w, status, b)
}

func write(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has gone needs no answer
}

// Stream sends each event as a line of JSON at once, and an empty line every 15 seconds. It returns nil when events is
// closed, the error of the request's context when the client goes or the server ends, and an error if the client
// does not read for ten seconds. Whoever feeds events stops when the request's context ends, which is at the latest when the
// handler returns.
func Stream[T any](w http.ResponseWriter, r *http.Request, events <-chan T) error {
	return stream(w, r, events, heartbeat, patience)
}

func stream[T any](w http.ResponseWriter, r *http.Request, events <-chan T, heartbeat, patience time.Duration) error {
	w.Header().Set("Content-Type", linesType)
	w.Header().Set("Connection", "close") // the deadlines below are of the connection
	conn := http.NewResponseController(w)
	send := func(line []byte) error {
		if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return fmt.Errorf("sending an event: %w", err)
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("sending an event: %w", err)
		}
		if err := conn.Flush(); err != nil {
			return fmt.Errorf("sending an event: %w", err)
		}
		return nil
	}
	if err := send(nil); err != nil { // the client learns that it is heard before there is an event
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		line := []byte("\n")
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case e, ok := <-events:
			if !ok {
				return nil
			}
			b, err := json.Marshal(e)
			if err != nil {
				return fmt.Errorf("writing an event: %w", err)
			}
			line = append(b, '\n')
			beat.Reset(heartbeat)
		case <-beat.C:
		}
		if err := send(line); err != nil {
			return err
		}
	}
}
