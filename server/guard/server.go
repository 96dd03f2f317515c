package guard

import (
	"io"
	"net/http"
	"time"
)

// The bounds of a connection. There is no limit to how long an answer may take, since streams stay open; what bounds it
// is that its reader must go on reading.
const (
	headerPatience = 10 * time.Second // for the whole header
	idlePatience   = 2 * time.Minute  // between two requests of a connection; longer than proxies keep theirs, or else they would use one that is just closed
	bodyPatience   = 10 * time.Second // for a body, and a second more for each slowest bytes of it
	slowest        = 8 << 10          // bytes of a body a second
	writePatience  = 30 * time.Second // for each piece of an answer
	leftPatience   = time.Second      // for what is left of a body that was refused from outside
	maxLeft        = 64 << 10         // bytes of it that are read, so that the answer is not lost
	maxHeader      = 64 << 10         // bytes
)

// NewServer returns a server for one side, see Front, that a slow or greedy client cannot hold up: headers, bodies and
// answers that stand still end their connection, and nothing else.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: patient{next: h}, ReadHeaderTimeout: headerPatience, IdleTimeout: idlePatience, MaxHeaderBytes: maxHeader,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered as everything is that has no path
	}
}

// patient moves the deadlines of a connection along with what is read and written.
type patient struct {
	next   http.Handler
	public bool // what is refused costs its sender the connection
}

func (p patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &slowAnswer{ResponseWriter: w, control: http.NewResponseController(w), public: p.public}
	var b *slowBody
	if r.Body != nil && r.Body != http.NoBody {
		b = &slowBody{ReadCloser: r.Body, control: a.control, until: time.Now().Add(bodyPatience)}
		// The body that nobody reads counts too: it is read off before the answer goes out.
		_ = a.control.SetReadDeadline(b.until) // a connection without deadlines is a test's
		r.Body = b
	}
	defer a.extend() // for what is sent when the handler has returned
	p.next.ServeHTTP(a, r)
	if p.public && a.status >= http.StatusBadRequest && b != nil && r.Header.Get("Expect") == "" {
		b.hurry(leftPatience)
		_, _ = io.CopyN(io.Discard, b, maxLeft) // what comes later is lost with the connection
	}
}

// slowBody is a body that must come at a least speed.
type slowBody struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time
	hurried bool // it gets no more time
	whole   bool
}

// hurry leaves the body no more than a time from now on.
func (b *slowBody) hurry(patience time.Duration) {
	if until := time.Now().Add(patience); until.Before(b.until) {
		b.until = until
	}
	if b.hurried = true; !b.whole {
		_ = b.control.SetReadDeadline(b.until)
	}
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole = true
		_ = b.control.SetReadDeadline(time.Time{}) // the call may take its time, and notices by reading that its client has gone
		return n, err
	}
	if n > 0 && err == nil && !b.hurried {
		b.until = b.until.Add(time.Duration(n) * time.Second / slowest)
		_ = b.control.SetReadDeadline(b.until)
	}
	return n, err
}

// slowAnswer is an answer whose reader must go on reading.
type slowAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
	public  bool
	status  int // that was answered; 0 if nothing was yet, or nothing of its own
}

func (a *slowAnswer) extend() { _ = a.control.SetWriteDeadline(time.Now().Add(writePatience)) }

// WriteHeader ends the connection of a body that was not read to its end: http.MaxBytesReader would have done so, but
// does not see through a ResponseWriter that stands before the server's. From outside it also ends that of a request for
// something that is not there, or of one too many: whoever sends such has no use for an open connection, others may have.
func (a *slowAnswer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	ends := false
	switch status {
	case http.StatusRequestEntityTooLarge, http.StatusRequestTimeout:
		ends = true
	case http.StatusNotFound, http.StatusMisdirectedRequest, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		ends = a.public
	}
	if ends {
		a.Header().Set("Connection", "close")
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *slowAnswer) Write(b []byte) (int, error) {
	a.extend()
	return a.ResponseWriter.Write(b)
}

// Flush sends what has been written.
func (a *slowAnswer) Flush() { _ = a.FlushError() }

// FlushError sends what has been written, see http.ResponseController.
func (a *slowAnswer) FlushError() error {
	a.extend()
	return a.control.Flush()
}

// Unwrap returns the answer behind, see http.ResponseController.
func (a *slowAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
