package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"postern/internal/fakeclient"
)

// order is what a test wants an assistant to do.
type order struct {
	Do    string   `json:"do"`
	Args  []string `json:"args,omitempty"`  // of a command
	Token string   `json:"token,omitempty"` // to call with; "": its own
	Tool  string   `json:"tool,omitempty"`
	With  string   `json:"with,omitempty"` // its arguments
}

// done is what came of it.
type done struct {
	Out    string `json:"out"`
	Failed bool   `json:"failed"`
	ID     string `json:"id,omitempty"` // of a question
	Number string `json:"number,omitempty"`
}

// assistant is a program that connects over HTTP by itself, and that has a shell: it does what orders say.
func assistant(url string, orders io.Reader, out io.Writer) {
	var c *fakeclient.Client
	var token string
	answers, read := json.NewEncoder(out), json.NewDecoder(orders)
	for {
		var o order
		if err := read.Decode(&o); err != nil {
			return
		}
		var d done
		var err error
		switch o.Do {
		case "ask":
			if c, err = fakeclient.Ask(context.Background(), url, "Assistant", "http://127.0.0.1:9/cb"); err == nil {
				d.ID, d.Number = c.Question, c.Number
			}
		case "token":
			t, terr := c.Token(context.Background())
			if err = terr; err == nil {
				token = t.AccessToken
				d.Out = token
			}
		case "call": // and goes on, as it may have to wait for the owner
			go func() { _, _ = post(url, token, o.Tool, o.With) }()
		case "curl":
			cmd := exec.Command("sh", "-c", "curl "+url+" "+o.Token+"; true") // through a shell, and by a program that is gone afterwards
			in, perr := cmd.StdinPipe()
			shown, serr := cmd.StdoutPipe()
			err = errors.Join(perr, serr, cmd.Start())
			if err == nil {
				d.Out, err = bufio.NewReader(shown).ReadString('\n')
				d.Out += typed("clients", "list")
				in.Close()
				_ = cmd.Wait()
			}
		case "run":
			d.Out = typed(o.Args...)
		}
		if err != nil {
			d.Out, d.Failed = err.Error(), true
		}
		if err := answers.Encode(d); err != nil {
			return
		}
	}
}

// fetch calls once, and ends when its input does.
func fetch(url, token string, in io.Reader, out io.Writer) {
	status, err := post(url, token, "gmail_search", `{"query":"in:inbox","max":1}`)
	fmt.Fprintln(out, status, err)
	_, _ = io.Copy(io.Discard, in)
}

func post(url, token, tool, args string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","arguments":`+args+`,`+
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// typed runs postern in a terminal of its own, with the environment of this process, and returns what it shows.
func typed(args ...string) string {
	cmd := exec.Command("postern", args...)
	tty, err := pty.Start(cmd)
	if err != nil {
		return err.Error()
	}
	defer tty.Close()
	out, _ := io.ReadAll(tty) // ends with EIO when the process has gone
	if err := cmd.Wait(); err != nil {
		return fmt.Sprintf("%s\n%v", out, err)
	}
	return string(out)
}

// another is an assistant that runs.
type another struct {
	t   *testing.T
	pid int
	in  *json.Encoder
	out *json.Decoder
}

func startAssistant(t *testing.T, url string) *another {
	t.Helper()
	cmd := exec.Command("assistant", url)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return &another{t, cmd.Process.Pid, json.NewEncoder(in), json.NewDecoder(out)}
}

func (a *another) does(o order) done {
	a.t.Helper()
	var d done
	if err := errors.Join(a.in.Encode(o), a.out.Decode(&d)); err != nil {
		a.t.Fatal(err)
	}
	if d.Failed {
		a.t.Fatalf("%s: %s", o.Do, d.Out)
	}
	return d
}

func (a *another) types(args ...string) string {
	a.t.Helper()
	return a.does(order{Do: "run", Args: args}).Out
}

// question waits for one of that kind and returns it.
func question(t *testing.T, kind string) (id string, asker int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		out, err := exec.Command("postern", "approvals", "list", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		var all []struct {
			ID    string
			Kind  string
			Asker struct{ Client struct{ PID int } }
		}
		if err := json.Unmarshal(out, &all); err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			if q.Kind == kind {
				return q.ID, q.Asker.Client.PID
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is no question of kind %s", kind)
		}
	}
}

// settled waits until what was allowed has been done.
func settled(t *testing.T, id string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		out, err := exec.Command("postern", "approvals", "show", id, "--json").Output()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), `"state": "done"`) {
			return
		}
	}
}

// serveHere starts a bridge with the sample account in the environment of this process, and returns its address.
func serveHere(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{"POSTERN_HOME": dir + "/state", "HOME": dir, "XDG_RUNTIME_DIR": dir, "POSTERN_VAULT": "file"} { // which cannot be opened, and is not needed
		t.Setenv(name, value)
	}
	cmd := exec.Command("postern", "serve", "--addr", "127.0.0.1:0", "--demo")
	var shown strings.Builder
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		shown.WriteString(lines.Text() + "\n")
		if url := regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`).FindString(lines.Text()); url != "" {
			go func() { _, _ = io.Copy(io.Discard, said) }()
			return url
		}
	}
	t.Fatalf("it does not serve:\n%s", shown.String())
	return ""
}

const notYours = "must not"

// TestAClientOverHTTPDecidesNothing: the program that has connected, or called, types the owner's answers in a terminal of
// its own. The owner, in theirs, is not held up.
func TestAClientOverHTTPDecidesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere nothing is known of who connects")
	}
	url := serveHere(t)
	a := startAssistant(t, url)

	asked := a.does(order{Do: "ask"})
	if _, asker := question(t, "connect"); asker != a.pid {
		t.Errorf("who asks to be let in is process %d, want %d", asker, a.pid)
	}
	yes := []string{"approvals", "approve", asked.ID, "--number", asked.Number, "--scopes", "gmail:read"}
	if out := a.types(yes...); !strings.Contains(out, notYours) {
		t.Errorf("it lets itself in:\n%s", out)
	}
	if out := typed(yes...); !strings.Contains(out, "Allowed") {
		t.Fatalf("the owner cannot let it in:\n%s", out)
	}
	token := a.does(order{Do: "token"}).Out

	stranger := startAssistant(t, url) // that is not connected yet
	send := order{Do: "call", Tool: "gmail_send", With: `{"to":["mia@example.com"],"subject":"s","body_md":"b"}`}
	for _, c := range []struct{ kind, yes string }{{"widen", "Allowed"}, {"action", "Approved"}} { // the second is for what the first has allowed
		a.does(send)
		id, asker := question(t, c.kind)
		if asker != a.pid {
			t.Errorf("who asks the question %s is process %d, want %d", c.kind, asker, a.pid)
		}
		if out := a.types("approvals", "approve", id); !strings.Contains(out, notYours) {
			t.Errorf("it says yes to its own question %s:\n%s", c.kind, out)
		}
		if out := stranger.types("approvals", "show", id); !strings.Contains(out, "mia@example.com") {
			t.Errorf("another program sees of it:\n%s", out)
		}
		if out := typed("approvals", "approve", id); !strings.Contains(out, c.yes) {
			t.Errorf("the owner cannot say yes to it:\n%s", out)
		}
		settled(t, id)
	}
	a.does(send)
	id, _ := question(t, "action")
	if out := a.types("approvals", "deny", id); !strings.Contains(out, "Denied") {
		t.Errorf("a no may come from anywhere:\n%s", out)
	}

	// One that calls by way of others that are soon gone is a client all the same.
	if out := stranger.does(order{Do: "curl", Token: token}).Out; !strings.Contains(out, "200 <nil>") {
		t.Fatalf("it calls with the token of the other: %s", out)
	}
	for _, c := range []struct {
		before, loosen []string
		done           string
	}{
		{[]string{"pause"}, []string{"resume"}, "answered again"},
		{nil, []string{"pair"}, "may ask"},
		{nil, []string{"settings", "set", "approvals.outward", "ask"}, "is now"},
		{[]string{"lockdown"}, []string{"lockdown", "--lift"}, "lifted"},
	} {
		if c.before != nil {
			typed(c.before...)
		}
		for _, who := range []*another{a, stranger} {
			if out := who.types(c.loosen...); !strings.Contains(out, notYours) {
				t.Errorf("process %d runs %v:\n%s", who.pid, c.loosen, out)
			}
		}
		if out := typed(c.loosen...); !strings.Contains(out, c.done) {
			t.Errorf("the owner runs %v:\n%s", c.loosen, out)
		}
	}
}
