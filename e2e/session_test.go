//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// session is a running "postern stdio" spoken to line by line, without a client library.
type session struct {
	*desktop
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	next  int

	stderr printed         // of a program that is not the binary
	errors string          // the file to which the binary's stderr goes
	stdout strings.Builder // touched by the reader until lines is closed
}

func (s *session) log() string { return s.stderr.String() + s.file(s.errors) }

// startSession starts the server below "timeout", which is then the client in the eyes of the server: were it this test,
// this test could not approve anything. It initializes the session.
func startSession(t *testing.T, d *desktop, flags string) *session {
	t.Helper()
	s := newSession(t, d, flags)
	s.initialize("2025-11-25")
	return s
}

// newSession starts the server alone.
func newSession(t *testing.T, d *desktop, flags string) *session {
	t.Helper()
	script, errors := d.launcher("timeout 600", "stdio "+flags)
	s := openSession(t, d, exec.CommandContext(t.Context(), script))
	s.errors = errors
	return s
}

// openSession starts a program that speaks MCP on its standard input and output.
func openSession(t *testing.T, d *desktop, cmd *exec.Cmd) *session {
	t.Helper()
	s := &session{desktop: d, lines: make(chan string, 64), cmd: cmd}
	s.cmd.Env = d.env
	s.cmd.Stderr = &s.stderr
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.in.Close(); _ = s.cmd.Process.Kill() })
	go func() {
		defer close(s.lines)
		results := d.record.result("the stdout of a session")
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, 64<<20)
		for scan.Scan() {
			s.stdout.WriteString(scan.Text() + "\n")
			_, _ = io.WriteString(results, scan.Text()+"\n")
			s.lines <- scan.Text()
		}
	}()
	return s
}

// initialize opens the session in a revision of the protocol, and returns the one that the server takes.
func (s *session) initialize(version string) string {
	s.t.Helper()
	r := s.request("initialize", map[string]any{
		"protocolVersion": version, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "e2e", "version": "1"},
	})
	s.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	var taken struct{ ProtocolVersion string }
	if err := json.Unmarshal(r.Result, &taken); err != nil {
		s.t.Fatal(err)
	}
	return taken.ProtocolVersion
}

func (s *session) send(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatalf("writing to the server: %v\n%s", err, s.log())
	}
}

// response is a JSON-RPC response.
type response struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// receive returns the next response; notifications are passed over, and anything else on stdout fails the test.
func (s *session) receive() response {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the server ended\n%s", s.log())
			}
			var r struct {
				JSONRPC string `json:"jsonrpc"`
				Method  string `json:"method"`
				response
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.JSONRPC != "2.0" {
				s.t.Fatalf("on stdout stands something that is no JSON-RPC: %q", line)
			}
			if r.Method == "" {
				return r.response
			}
		case <-deadline.C:
			s.t.Fatalf("no answer within %v\n%s", patience, s.log())
		}
	}
}

// request sends a request and returns its response.
func (s *session) request(method string, params any) response {
	s.t.Helper()
	s.look()
	s.next++
	s.send(string(encode(s.t, map[string]any{"jsonrpc": "2.0", "id": s.next, "method": method, "params": params})))
	r := s.receive()
	if string(r.ID) != string(encode(s.t, s.next)) {
		s.t.Fatalf("%s: the answer is for request %s", method, r.ID)
	}
	return r
}

// call calls a tool and returns its text and whether it is an error.
func (s *session) call(tool string, args any) (text string, isError bool) {
	s.t.Helper()
	s.record.written(args)
	r := s.request("tools/call", map[string]any{"name": tool, "arguments": args})
	if r.Error != nil {
		return r.Error.Message, true
	}
	var result struct {
		Content []struct{ Text string }
		IsError bool
	}
	if err := json.Unmarshal(r.Result, &result); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range result.Content {
		text += c.Text
	}
	return text, result.IsError
}

// end closes stdin and returns how long the server took to end.
func (s *session) end() time.Duration {
	s.t.Helper()
	start := time.Now()
	if err := s.in.Close(); err != nil {
		s.t.Fatal(err)
	}
	for range s.lines {
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("the server ended badly: %v\n%s", err, s.log())
	}
	return time.Since(start)
}
