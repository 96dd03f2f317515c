package fakegoogle

import (
	"bytes"
	"net/http"
	"slices"
)

// Seen is a request that Google got. It holds no token and no query.
type Seen struct {
	Verb   string // HTTP method
	Host   string
	Path   string
	Method string // the API method's id, such as "gmail.users.messages.list"; "" if there is none such
	Status int    // of the answer; 0 if the connection was cut
}

// Exchange is a call of a service with its answer, for a judge.
type Exchange struct {
	Service  string // as in Service.Name
	Method   string // the method's id; "" for a path that the service does not have
	Request  *http.Request
	Body     []byte // of the request, as JSON; the metadata of an upload
	Uploaded bool
	Scopes   []string // of the token
	Status   int
	Header   http.Header
	Answer   []byte
}

// Requests returns what was asked so far, oldest first; the calls of a batch stand for themselves after it.
func (g *Google) Requests() []Seen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen)
}

// Count returns how often an API method was called.
func (g *Google) Count(method string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, s := range g.seen {
		if s.Method == method {
			n++
		}
	}
	return n
}

// maxSeen bounds the record of a process that runs for long, as the demo does.
const maxSeen = 10_000

func (g *Google) note(r *http.Request, method string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) >= maxSeen {
		g.seen = slices.Delete(g.seen, 0, maxSeen/2)
	}
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	g.seen = append(g.seen, Seen{r.Method, host, r.URL.Path, method, status})
}

// recorder keeps an answer until it is known whole.
type recorder struct {
	code   int
	header http.Header
	body   bytes.Buffer
	cut    bool // the connection ends instead of an answer
	broken bool // the answer was damaged on purpose
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// send passes the answer on. It cuts the connection by http.ErrAbortHandler.
func (r *recorder) send(w http.ResponseWriter) {
	if r.cut {
		panic(http.ErrAbortHandler)
	}
	for k, v := range r.header {
		w.Header()[k] = v
	}
	if r.code == 0 {
		r.code = http.StatusOK
	}
	w.WriteHeader(r.code)
	_, _ = w.Write(r.body.Bytes()) // the client may have gone
}
