package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// doNothing is a call of a tool that does nothing, since 2026-07-28.
const doNothing = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_nothing","arguments":{},"_meta":{` +
	`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`

// bareFlag makes this program the server that Postern is compared with.
const bareFlag = "bare"

// bare serves a tool that does nothing with mcp-go alone: no token, no limits, no record.
func bare() error {
	m := server.NewMCPServer("bare", "1", server.WithToolCapabilities(true))
	m.AddTool(mcp.NewTool("test_nothing"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("nothing"), nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "http://%s/mcp\n", l.Addr())
	mux := http.NewServeMux()
	mux.Handle("/mcp", server.NewStreamableHTTPServer(m))
	return http.Serve(l, mux) //nolint:gosec // ends with the measurement
}

// startBare starts it as a process of its own.
func startBare() (*bridge, error) {
	b := &bridge{cmd: exec.Command(os.Args[0], "-"+bareFlag)}
	out, err := b.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	buf := make([]byte, 256)
	n, err := out.Read(buf)
	b.url = strings.TrimSpace(string(buf[:n]))
	return b, err
}

// target is a server under load.
type target struct {
	url, token string
	http       *http.Client
}

func newTarget(url, token string) *target {
	return &target{url, token, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// call makes one call, and fails if it did not do nothing.
func (t *target) call() error {
	req, err := http.NewRequest(http.MethodPost, t.url, strings.NewReader(doNothing))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "test_nothing"} {
		req.Header.Set(name, value)
	}
	if t.token != "" {
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(b, []byte("nothing")) {
		return fmt.Errorf("%s %s %w", resp.Status, b, err)
	}
	return nil
}

// one makes calls one after the other for d, and returns how long each took, sorted, in ms.
func (t *target) one(d time.Duration) (took []float64, err error) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		began := time.Now()
		if err := t.call(); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(began)))
	}
	slices.Sort(took)
	return took, nil
}

// many makes calls side by side for d, and returns how many a second.
func (t *target) many(side int, d time.Duration) (float64, error) {
	var wg sync.WaitGroup
	counts, errs := make([]int, side), make([]error, side)
	began := time.Now()
	for i := range side {
		wg.Go(func() {
			for end := began.Add(d); errs[i] == nil && time.Now().Before(end); counts[i]++ {
				errs[i] = t.call()
			}
		})
	}
	wg.Wait()
	total := 0
	for i := range side {
		if errs[i] != nil {
			return 0, errs[i]
		}
		total += counts[i]
	}
	return float64(total) / time.Since(began).Seconds(), nil
}

// at is the value below which a part of the sorted values lies.
func at(sorted []float64, part float64) float64 { return sorted[int(part*float64(len(sorted)-1))] }

// loads measures Postern beside the bare server, by turns.
func loads(binary, dir string, runs int) ([]figure, error) {
	ratio := figure{name: "calls a second, as a part of bare mcp-go's", least: 0.6, digits: 2}
	rate := figure{name: "  Postern, 8 side by side", unit: "/s"}
	bareRate := figure{name: "  bare mcp-go", unit: "/s"}
	more := figure{name: "p50 of a call, more than bare mcp-go's", unit: "ms", budget: 0.3, digits: 2}
	p50 := figure{name: "  Postern, one at a time, p50", unit: "ms", digits: 2}
	p99 := figure{name: "  Postern, one at a time, p99", unit: "ms", digits: 2}
	bare99 := figure{name: "  bare mcp-go, p99", unit: "ms", digits: 2}
	b, err := serve(binary, home(dir))
	if err != nil {
		return nil, err
	}
	defer b.end()
	g, err := b.letIn()
	if err != nil {
		return nil, err
	}
	other, err := startBare()
	if err != nil {
		return nil, fmt.Errorf("starting bare mcp-go: %w", err)
	}
	defer other.end()
	ours, theirs := newTarget(b.url, g.token.AccessToken), newTarget(other.url, "")
	const side, turn = 8, time.Second
	for i := range runs + 1 {
		var rates [2]float64
		var took [2][]float64
		for j, t := range []*target{ours, theirs} {
			if rates[j], err = t.many(side, turn); err != nil {
				return nil, err
			}
			if took[j], err = t.one(turn); err != nil {
				return nil, err
			}
		}
		if i == 0 { // warms up
			continue
		}
		ratio.add(rates[0] / rates[1])
		rate.add(rates[0])
		bareRate.add(rates[1])
		more.add(at(took[0], .5) - at(took[1], .5))
		p50.add(at(took[0], .5))
		p99.add(at(took[0], .99))
		bare99.add(at(took[1], .99))
	}
	return []figure{ratio, rate, bareRate, more, p50, p99, bare99}, nil
}
