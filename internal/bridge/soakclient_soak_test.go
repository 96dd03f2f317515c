//go:build soak

package bridge

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// soakClient is a client at an address of its own.
type soakClient struct {
	s      *soaking
	number int
	greedy bool // it does not wait between its questions
	from   string
	web    *http.Client
	token  string
	word   string       // stands in a mail that it alone looks for
	good   atomic.Int64 // after how many cuts it asked what it has had a good answer to
	goodAt atomic.Int64 // when it had, in nanoseconds of the Unix time
}

// soakWord is that of any client.
var soakWord = regexp.MustCompile(`soakword\d+x`)

func (s *soaking) client(number int, greedy bool) *soakClient {
	s.t.Helper()
	c := &soakClient{s: s, number: number, greedy: greedy, from: fmt.Sprintf("127.0.0.%d", number+2), word: fmt.Sprintf("soakword%dx", number)}
	c.web = s.edge.ClientFrom(c.from)
	_, c.token = s.grant("gmail:read")
	s.mail(c.word)
	return c
}

// run asks until ctx ends.
func (c *soakClient) run(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		c.ask(ctx, i)
		pause := 2*time.Second + rand.N(time.Second)
		if c.greedy {
			pause = 20 * time.Millisecond
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// ask asks for the tools, or looks for the client's own mail, and looks at whose answer comes.
func (c *soakClient) ask(ctx context.Context, i int) {
	cuts := c.s.cuts.Load()
	id := fmt.Sprintf("%d-%d", c.number, i)
	method, params := "tools/call", `"name":"gmail_search","arguments":{"query":"`+c.word+`"},`
	if i%4 == 3 {
		method, params = "tools/list", ""
	}
	r := c.request(ctx, http.MethodPost, `{"jsonrpc":"2.0","id":"`+id+`","method":"`+method+`","params":{`+params+
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`)
	r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	r.Header.Set("Mcp-Method", method)
	if method == "tools/call" {
		r.Header.Set("Mcp-Name", "gmail_search")
	}
	resp, err := c.web.Do(r)
	if err != nil {
		c.broken(ctx)
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.broken(ctx)
		return
	}
	switch code := resp.Header.Get("Ngrok-Error-Code"); {
	case code != "":
		c.s.saw(fmt.Sprintf("%d %s", resp.StatusCode, code), false)
	case resp.StatusCode == http.StatusTooManyRequests && c.greedy:
		c.s.saw("429 to the greedy", true)
	case resp.StatusCode != http.StatusOK:
		c.s.t.Errorf("client %d: %s %.200s", c.number, resp.Status, b)
		c.s.saw(resp.Status, true)
	default:
		c.s.saw("200", true)
		c.own(id, method, b)
		c.good.Store(cuts)
		c.goodAt.Store(time.Now().UnixNano())
	}
}

// broken counts an answer that broke off.
func (c *soakClient) broken(ctx context.Context) {
	if ctx.Err() == nil {
		c.s.saw("broken off", false)
	}
}

// own fails unless the answer is to this client's question, and tells of no other's mail.
func (c *soakClient) own(id, method string, b []byte) {
	var m struct {
		ID     string          `json:"id"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(b, &m); err != nil || m.ID != id {
		c.s.t.Errorf("client %d asked %s, and got the answer to %q (%v): %.200s", c.number, id, m.ID, err, b)
		return
	}
	found := soakWord.FindAllString(string(m.Result), -1)
	for _, word := range found {
		if word != c.word {
			c.s.t.Errorf("client %d got the mail of another: %s", c.number, word)
		}
	}
	if method == "tools/call" && len(found) == 0 || method == "tools/list" && !strings.Contains(string(m.Result), "gmail_search") {
		c.s.t.Errorf("client %d: %s is answered with %.200s", c.number, method, b)
	}
}

func (c *soakClient) request(ctx context.Context, method, body string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, c.s.url, strings.NewReader(body))
	if err != nil {
		panic(err) // nothing of it comes from outside
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	return r
}

// call is a question as it is written by hand; the name is a tool's, "" for none.
func (c *soakClient) call(method, name, params string) string {
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + params + `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	if name != "" {
		name = "Mcp-Name: " + name + "\r\n"
	}
	return fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\n%sContent-Length: %d\r\n\r\n%s",
		c.s.edge.Domain, c.token, method, name, len(body), body)
}

// byHand opens connections one after the other and does with each, which does not take longer than a while.
func (c *soakClient) byHand(ctx context.Context, what string, while time.Duration, do func(net.Conn) error) {
	for ctx.Err() == nil {
		conn, err := c.s.edge.Dial(ctx, c.s.edge.Domain, c.from)
		if err != nil {
			c.broken(ctx)
			return
		}
		hangUp := context.AfterFunc(ctx, func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(while))
		_ = do(conn) // ends with the deadline, or with a cut
		hangUp()
		conn.Close()
		c.s.saw(what, true)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// readsNothing asks for a picture and reads nothing of it, until after the next cut.
func (s *soaking) readsNothing(ctx context.Context, c *soakClient) {
	id := s.picture()
	c.byHand(ctx, "read nothing", soakRest, func(conn net.Conn) error {
		if err := conn.(*tls.Conn).NetConn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
			return err
		}
		cuts := s.cuts.Load()
		if _, err := io.WriteString(conn, c.call("tools/call", "gmail_get_attachment", `"name":"gmail_get_attachment","arguments":{"message_id":"`+id+`","attachment":"1","as":"image"},`)); err != nil {
			return err
		}
		for ctx.Err() == nil && s.cuts.Load() == cuts {
			<-deadline(ctx, time.Second)
		}
		return nil
	})
}

// readsSlowly reads a hundred bytes a second.
func (s *soaking) readsSlowly(ctx context.Context, c *soakClient) {
	c.byHand(ctx, "read slowly", 30*time.Second, func(conn net.Conn) error {
		if _, err := io.WriteString(conn, c.call("tools/list", "", "")); err != nil {
			return err
		}
		for b := make([]byte, 100); ; {
			if _, err := conn.Read(b); err != nil {
				return err
			}
			<-deadline(ctx, time.Second)
		}
	})
}

// stopsInTheHead sends half a request.
func (s *soaking) stopsInTheHead(ctx context.Context, c *soakClient) {
	c.byHand(ctx, "stopped in the head", 15*time.Second, func(conn net.Conn) error {
		head, _, _ := strings.Cut(c.call("tools/list", "", ""), "Content-Type")
		if _, err := io.WriteString(conn, head); err != nil {
			return err
		}
		_, err := conn.Read(make([]byte, 1))
		return err
	})
}

// listens opens the stream of an older client again and again, which a cut ends.
func (s *soaking) listens(ctx context.Context, c *soakClient) {
	for ctx.Err() == nil {
		if err := c.stream(ctx); err != nil && ctx.Err() == nil {
			s.saw("a stream that was not opened", false)
		}
		<-deadline(ctx, time.Second)
	}
}

func (c *soakClient) stream(ctx context.Context) error {
	first, err := c.web.Do(c.request(ctx, http.MethodPost, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"soak","version":"1"}}}`))
	if err != nil {
		return err
	}
	first.Body.Close()
	r := c.request(ctx, http.MethodGet, "")
	r.Header.Set("Mcp-Session-Id", first.Header.Get("Mcp-Session-Id"))
	stream, err := c.web.Do(r)
	if err != nil {
		return err
	}
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream gets %s", stream.Status)
	}
	_, _ = io.Copy(io.Discard, stream.Body) // its end is what is waited for
	c.s.saw("a stream until a cut", true)
	return nil
}

// deadline is closed after a while, or when ctx ends.
func deadline(ctx context.Context, while time.Duration) <-chan struct{} {
	within, cancel := context.WithTimeout(ctx, while)
	context.AfterFunc(within, cancel)
	return within.Done()
}
