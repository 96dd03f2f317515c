package fakegoogle

import (
	"net/http"
	"strings"

	"postern/internal/fakegoogle/batch"
)

// serveBatch serves the calls of a batch one after the other. A call without a token of its own has that of the batch.
func (g *Google) serveBatch(w http.ResponseWriter, r *http.Request, routes *routes) {
	calls, err := batch.Requests(r.Header.Get("Content-Type"), http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		Fail(w, Failure{Code: 400, Reason: "badRequest", Message: "Failed to parse batch request: " + err.Error()})
		return
	}
	if len(calls) > batch.Max {
		Fail(w, Failure{Code: 400, Reason: "badRequest", Message: "The batch request has too many parts."})
		return
	}
	var answers []batch.Response
	for _, c := range calls {
		in := c.Request.WithContext(r.Context())
		in.Host, in.URL.Host = r.Host, ""
		if in.Header.Get("Authorization") == "" {
			in.Header.Set("Authorization", r.Header.Get("Authorization"))
		}
		rec := newRecorder()
		g.call(rec, in, routes, strings.TrimPrefix(in.URL.EscapedPath(), "/"))
		if rec.cut {
			panic(http.ErrAbortHandler)
		}
		answers = append(answers, batch.Response{ID: batch.Answering(c.ID), Status: rec.code, Header: rec.header, Body: rec.body.Bytes()})
	}
	rec := newRecorder()
	contentType, err := batch.Write(rec, answers)
	if err != nil {
		Fail(w, Failure{Code: 500, Reason: "backendError", Message: err.Error()})
		return
	}
	rec.Header().Set("Content-Type", contentType)
	rec.send(w)
}
