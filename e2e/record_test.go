//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"postern/assets"
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

// mail makes the text of mails known.
func (r *record) mail(texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range texts {
		r.private.addText("mail text", s)
	}
}

// written makes the text known of a mail that a client writes by a call.
func (r *record) written(args any) {
	if args, ok := args.(map[string]any); ok {
		for _, name := range []string{"subject", "body_md"} {
			if s, ok := args[name].(string); ok {
				r.mail(s)
			}
		}
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

func (r *record) check() {
	for _, d := range r.desktops {
		d.wait("all that was started to end", func() bool { return len(d.running()) == 0 })
	}
	r.checkClients()
	r.readAddresses()
	r.readStates()
	r.readFiles()
	for args := range r.arguments {
		_, _ = r.log("an argument of a process").Write([]byte(args))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, out := range r.results {
		for _, what := range r.tokens.find(out.String()) {
			r.t.Errorf("%s holds %s", out.name, what)
		}
	}
	for _, out := range r.logs {
		s := out.String()
		for _, what := range append(r.tokens.find(s), r.private.find(s)...) {
			r.t.Errorf("%s holds %s:\n%s", out.name, what, s)
		}
	}
}

// readStates reads all files of the state directories, and the record of calls, which is held to more.
func (r *record) readStates() {
	for _, d := range r.desktops {
		dir, n := d.dir, 0
		for path, b := range filesBelow(r.t, dir) {
			n++
			_, _ = r.result("the file " + path).Write(b)
		}
		if n == 0 {
			r.t.Errorf("%s holds no file: nothing was searched there", dir)
			continue
		}
		columns := map[string]*text{}
		for _, v := range values(r.t, filepath.Join(dir, database)) {
			name := "the database's column " + v.table + "." + v.column
			switch {
			case columns[name] != nil:
			case v.table == "activity":
				columns[name] = r.log(name)
			default:
				columns[name] = r.result(name)
			}
			_, _ = columns[name].Write([]byte(v.value + "\n"))
		}
	}
}

// readFiles reads the logs that are files. There is none of a program that was not started.
func (r *record) readFiles() {
	for path, name := range r.files {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.t.Error(err)
		}
		_, _ = r.log(name).Write(b)
	}
}

// filesBelow returns what the files of a directory hold.
func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found[path] = b
		return err
	})
	if err != nil {
		t.Errorf("reading %s: %v", dir, err)
	}
	return found
}

// sampleMail is every text of the sample mailbox.
var sampleMail = sync.OnceValue(func() (texts []string) {
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, v := range v {
				walk(k, v)
			}
		case []any:
			for _, v := range v {
				walk(key, v)
			}
		case string:
			if key == "subject" || key == "text" {
				texts = append(texts, v)
			}
		}
	}
	var box any
	if err := json.Unmarshal(assets.DemoMailbox, &box); err != nil {
		panic(err)
	}
	walk("", box)
	return texts
})
