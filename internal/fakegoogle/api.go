package fakegoogle

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"postern/internal/fakegoogle/mask"
	"postern/internal/fakegoogle/template"
)

// maxBody is the most bytes of one request.
const maxBody = 64 << 20

// route is a method with the service that it belongs to.
type route struct {
	service string
	Method
}

type routes struct {
	table    template.Table[*route]
	services []string
}

// at returns what is served under a host, nil if nothing is.
func (g *Google) at(host string) *routes {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.routes == nil {
		g.routes = map[string]*routes{}
		for _, s := range g.services {
			for _, h := range s.Hosts {
				if g.routes[h] == nil {
					g.routes[h] = &routes{}
				}
				g.routes[h].services = append(g.routes[h].services, s.Name)
				for _, m := range s.Methods {
					if err := g.routes[h].table.Add(m.Verb, m.Path, &route{s.Name, m}); err != nil {
						panic("fakegoogle: " + err.Error())
					}
				}
			}
		}
	}
	return g.routes[host]
}

// serveAPI serves a call of a service, an upload or a batch.
func (g *Google) serveAPI(w http.ResponseWriter, r *http.Request, host string) {
	routes := g.at(host)
	if routes == nil {
		http.Error(w, "no such host: "+host, http.StatusNotFound)
		return
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	if r.Method == http.MethodPost && (path == "batch" || strings.HasPrefix(path, "batch/")) {
		g.plain(w, r, "batch", func(w http.ResponseWriter, r *http.Request) { g.serveBatch(w, r, routes) })
		return
	}
	rec := newRecorder()
	g.call(rec, r, routes, path)
	rec.send(w)
}

// call serves one call, alone or of a batch.
func (g *Google) call(rec *recorder, r *http.Request, routes *routes, path string) {
	uploading := false
	for _, prefix := range []string{"resumable/upload/", "upload/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			path, uploading = rest, true
			break
		}
	}
	verb := r.Method
	if uploading && verb == http.MethodPut {
		if up := g.upload(r.URL.Query().Get("upload_id")); up != nil {
			verb = up.verb
		}
	}
	found, values, ok := routes.table.Find(verb, path)
	if !ok || uploading && !found.Upload {
		Fail(rec, Failure{Code: 404, Reason: "notFound", Message: "Not Found"})
		g.note(r, "", rec.code)
		g.judge(Exchange{Service: routes.services[0], Request: r, Status: rec.code, Header: rec.header, Answer: rec.body.Bytes()})
		return
	}
	for k, v := range values {
		r.SetPathValue(k, v)
	}
	x := Exchange{Service: found.service, Method: found.ID, Request: r, Uploaded: uploading}
	g.withFaults(rec, r, found.ID, func(w http.ResponseWriter, r *http.Request) { g.answer(w, r, found, &x) })
	if rec.code == 0 && !rec.cut {
		rec.code = http.StatusOK
	}
	status := rec.code
	if rec.cut {
		status = 0
	}
	g.note(r, found.ID, status)
	x.Status, x.Header, x.Answer = rec.code, rec.header, rec.body.Bytes()
	if !rec.cut && !rec.broken {
		g.judge(x)
	}
}

func (g *Google) judge(x Exchange) {
	if g.Judge != nil {
		g.Judge(x)
	}
}

// answer checks the token, takes uploads apart, calls the service and applies the fields mask.
func (g *Google) answer(w http.ResponseWriter, r *http.Request, m *route, x *Exchange) {
	var call Call
	if len(m.Scopes) > 0 {
		token, failure := g.authenticate(r)
		if failure != nil {
			Fail(w, *failure)
			return
		}
		call.Account, call.Scopes = token.account, token.scopes
		x.Scopes = token.scopes
		if !slices.ContainsFunc(m.Scopes, func(s string) bool { return slices.Contains(token.scopes, s) }) {
			Fail(w, insufficient(m))
			return
		}
	}
	wanted, err := mask.Parse(r.URL.Query().Get("fields"))
	if r.URL.Query().Has("fields") && err != nil {
		Fail(w, Failure{Code: 400, Reason: "invalidParameter", Message: "Invalid field selection " + r.URL.Query().Get("fields"), LocationType: "parameter", Location: "fields"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		Fail(w, Failure{Code: 413, Reason: "uploadTooLarge", Message: "Request is too large."})
		return
	}
	x.Body = body
	if x.Uploaded {
		x.Body = nil // until it is known what of it is metadata
		done, meta, media := g.receive(w, r, m, body)
		if !done {
			return
		}
		x.Body, call.Media = meta, media
		body = meta
	}
	in := r.Clone(r.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	for k, v := range pathValues(r, m.Path) {
		in.SetPathValue(k, v)
	}
	out := newRecorder()
	m.Serve(out, in, call)
	if len(wanted) > 0 && out.code < 300 && out.body.Len() > 0 && r.URL.Query().Get("alt") != "media" {
		var v any
		dec := json.NewDecoder(bytes.NewReader(out.body.Bytes()))
		dec.UseNumber()
		if dec.Decode(&v) == nil {
			out.body.Reset()
			enc := json.NewEncoder(&out.body)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(wanted.Filter(v)) // what was decoded can be encoded
		}
	}
	out.send(w)
}

// pathValues returns the variables of a template that r was given.
func pathValues(r *http.Request, path string) map[string]string {
	values := map[string]string{}
	for rest := path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return values
		}
		name, tail, _ := strings.Cut(after, "}")
		name = strings.TrimPrefix(name, "+")
		values[name] = r.PathValue(name)
		rest = tail
	}
}

// insufficient is the failure of a token without the scope, in Google's shape.
func insufficient(m *route) Failure {
	service, _, _ := strings.Cut(m.service, ":")
	return Failure{
		Code: 403, Reason: "insufficientPermissions", Message: "Request had insufficient authentication scopes.", Status: "PERMISSION_DENIED",
		Header: http.Header{"Www-Authenticate": {`Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope=` + strconv.Quote(strings.Join(m.Scopes, " "))}},
		Details: []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
			"metadata": map[string]string{"method": m.ID, "service": service + ".googleapis.com"},
		}},
	}
}
