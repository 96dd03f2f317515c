package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/creack/pty"
	"golang.org/x/oauth2"

	"postern/internal/fakeclient"
)

// bridge is a running "postern serve".
type bridge struct {
	cmd *exec.Cmd
	env []string
	url string // of /mcp
}

var served = regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`)

// serve starts a bridge on a free port.
func serve(binary string, env []string) (*bridge, error) {
	b := &bridge{cmd: exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--demo"), env: env}
	b.cmd.Env = append(os.Environ(), env...)
	if err := b.trust(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	var said []byte
	for buf := make([]byte, 4096); b.url == ""; {
		n, err := out.Read(buf)
		if err != nil {
			return nil, fmt.Errorf("serving: %w\n%s", err, said)
		}
		said = append(said, buf[:n]...)
		b.url = served.FindString(string(said))
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // its log; ends with the process
	return b, nil
}

// with runs do with a bridge that serves a client, and ends it and its state.
func with(binary, dir string, do func(b *bridge, g *grant) error) error {
	b, err := serve(binary, home(dir))
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer b.end()
	g, err := b.letIn()
	if err != nil {
		return err
	}
	if err := b.begin(http.DefaultClient, g.token.AccessToken); err != nil {
		return err
	}
	return do(b, g)
}

func (b *bridge) end() { _ = b.cmd.Process.Kill(); _ = b.cmd.Wait() }

func (b *bridge) issuer() string { return strings.TrimSuffix(b.url, "/mcp") }

// grant is what a client holds after it was let in.
type grant struct {
	client string
	token  *oauth2.Token
}

// letIn takes a client through registration and approval, the owner's answer in a terminal.
func (b *bridge) letIn() (*grant, error) {
	ctx := context.Background()
	c, err := fakeclient.Ask(ctx, b.url, "bench", "http://127.0.0.1:9/callback")
	if err != nil {
		return nil, err
	}
	if err := b.terminal("approvals", "approve", c.Question, "--number", c.Number); err != nil {
		return nil, err
	}
	token, err := c.Token(ctx)
	return &grant{c.ID, token}, err
}

// trust has Postern take the owner's answer from this process, which is the client, too, and starts the owner's terminal.
// It is set before the bridge runs: then nothing is connected.
func (b *bridge) trust() error {
	return b.terminal("settings", "set", "approvals.cli", "true")
}

// terminal runs a verb in a terminal, as the owner does.
func (b *bridge) terminal(args ...string) error {
	cmd := exec.Command(b.cmd.Path, args...)
	cmd.Env = append(os.Environ(), b.env...)
	tty, err := pty.Start(cmd)
	if err != nil {
		return err
	}
	defer tty.Close()
	shown, _ := io.ReadAll(tty) // ends with EIO when the process has gone
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("postern %s: %w\n%s", args[0], err, shown)
	}
	return nil
}

func read(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s:\n%s", resp.Status, b))
	}
	return string(b), err
}

// begin opens a session as before 2026-07-28.
func (b *bridge) begin(c *http.Client, token string) error {
	body := []byte(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}`)
	req, err := http.NewRequest(http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := c.Do(req)
	if _, err = read(resp, err); err != nil {
		return err
	}
	if resp.Header.Get("Mcp-Session-Id") == "" {
		return errors.New("there is no session")
	}
	return nil
}

// refresh changes a refresh token for new tokens.
func (b *bridge) refresh(c *http.Client, g *grant) error {
	body, err := read(c.PostForm(b.issuer()+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.token.RefreshToken}, "client_id": {g.client}, "resource": {b.url}}))
	if err == nil && !strings.Contains(body, `"refresh_token"`) {
		err = errors.New("the answer has no refresh token")
	}
	return err
}
