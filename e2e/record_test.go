//go:build e2e

package e2e

import (
	"sync"
	"testing"
)

// record is what Postern wrote in one test, wherever it did. When the test ends, it is searched for every secret that the
// test has seen and for whatever looks like one.
type record struct {
	t *testing.T

	mu      sync.Mutex // guards the fields below
	tokens  secrets    // tokens, codes, verifiers, passphrases: they stand nowhere
	private secrets    // mail text and states of clients: they stand in results alone

	results, logs []*text
	files         map[string]string // logs that are files, to their names
	arguments     map[string]bool   // of processes
	addresses     []address
	codes         int // that addresses must have brought
	issuers       []string
	desktops      []*desktop
	clients       map[string]int // directories in which clients keep what they were given, to how many tokens were seen there
}

type text struct {
	name string
	printed
}

var records sync.Map // of a test to its record

// recordOf returns the record of a test. It is checked when all that the test has started has ended.
func recordOf(t *testing.T) *record {
	t.Helper()
	if r, ok := records.Load(t); ok {
		return r.(*record)
	}
	r := &record{t: t}
	records.Store(t, r)
	t.TempDir() // makes the test's folder now, so that it is removed after the check
	r.tokens.add("the passphrase", passphrase)
	r.tokens.add("the client's secret at Google", clientSecret)
	r.mail(sampleMail()...)
	t.Cleanup(func() { records.Delete(t); r.check() })
	return r
}

// secret makes a token, code, verifier or passphrase known.
func (r *record) secret(what string, values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range values {
		if v == "" {
			r.t.Errorf("%s is empty, so that nothing looks for it", what)
			continue
		}
		r.tokens.add(what, v)
	}
}

// state makes a client's state known (attack 26).
func (r *record) state(value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(value) >= len("the-state") {
		r.private.add("a state", value)
	}
}

// result takes what was asked for, such as what a verb prints: it may hold mail text.
func (r *record) result(name string) *text {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &text{name: name}
	r.results = append(r.results, out)
	return out
}

// log takes what nobody asked for: what goes to stderr, arguments of processes, addresses.
func (r *record) log(name string) *text {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &text{name: name}
	r.logs = append(r.logs, out)
	return out
}

// logFile takes a log that is written to a file.
func (r *record) logFile(name, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.files == nil {
		r.files = map[string]string{}
	}
	r.files[path] = name
}

// argument takes the arguments of a process.
func (r *record) argument(args string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.arguments == nil {
		r.arguments = map[string]bool{}
	}
	r.arguments[args] = true
}

// desktop has all of a desktop's state directory searched.
func (r *record) desktop(d *desktop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.desktops = append(r.desktops, d)
}
