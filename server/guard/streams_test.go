package guard_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// held is the streams that a test keeps open.
type held struct {
	d     *door
	open  []func()
	by    map[int]int // answers by status
	words map[int]string
}

// take asks for a stream and keeps it if it gets one.
func (h *held) take(c *caller) int {
	h.d.t.Helper()
	r := c.with(http.MethodGet, c.session)
	if c.era == modern {
		r = c.post("subscriptions/listen", map[string]any{"notifications": map[string]any{"toolsListChanged": true}})
	}
	ctx, hangUp := context.WithCancel(h.d.t.Context())
	res, err := h.d.client.Transport.RoundTrip(r.WithContext(ctx)) // without the client's time-out
	if err != nil {
		h.d.t.Fatal(err)
	}
	h.by[res.StatusCode]++
	if res.StatusCode == http.StatusOK {
		h.open = append(h.open, func() { hangUp(); res.Body.Close() })
		return res.StatusCode
	}
	defer hangUp()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Retry-After") == "" {
		h.d.t.Fatalf("%d %v %v", res.StatusCode, res.Header, err)
	}
	h.words[res.StatusCode] = string(b)
	return res.StatusCode
}

func (h *held) drop(n int) {
	for _, end := range h.open[:n] {
		end()
	}
	h.open = h.open[n:]
}

// settled waits until there are no more than that many goroutines: they end one by one, and nothing tells when.
func (d *door) settled(most int) {
	d.t.Helper()
	d.client.CloseIdleConnections()
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > most; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("there are %d goroutines, want no more than %d", runtime.NumGoroutine(), most)
		}
	}
}

// idle waits until nothing runs: a client has its answer, or has hung up, before the server has put the call away.
func (d *door) idle() {
	d.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(d.live.Grants()) != 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("%v still run", d.live.Grants())
		}
	}
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// TestManyStreams: clients that open streams without end get as many as there is room for, leave room for calls, and
// take no more memory than that (attack 52).
func TestManyStreams(t *testing.T) {
	const streams, each, clients = 256, 16, 40 // in all, of a grant, and more grants than fit
	tries := 250                               // of each client: 10,000
	if testing.Short() {
		tries = each + 4
	}
	d := newDoor(t)
	h := &held{d: d, by: map[int]int{}, words: map[int]string{}}
	t.Cleanup(func() { h.drop(len(h.open)) })
	var all []*caller
	for i := range clients {
		_, token := d.grant([]string{"calendar:read"})
		all = append(all, d.caller([]era{legacy, modern}[i%2], token))
	}
	d.client.CloseIdleConnections()
	goroutines, memory := runtime.NumGoroutine(), inUse()
	for i, c := range all {
		want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[i < streams/each]
		for n := range tries {
			if n == each && want == http.StatusOK {
				want = http.StatusTooManyRequests
			}
			if got := h.take(c); got != want {
				t.Fatalf("client %d, stream %d: %d, want %d", i, n, got, want)
			}
		}
	}
	if !strings.Contains(h.words[503], "takes no more") || !strings.Contains(h.words[429], "this client") || h.by[200] != streams {
		t.Errorf("%v %v", h.by, h.words)
	}
	// Of each stream the test itself keeps one end, and the server the other.
	if n := runtime.NumGoroutine() - goroutines; n > streams*10 {
		t.Errorf("%d streams take %d goroutines", streams, n)
	}
	if n := int64(inUse()) - int64(memory); n > streams*192<<10 {
		t.Errorf("%d streams take %d kB", streams, n>>10)
	} else {
		t.Logf("%d streams take %d kB and %d goroutines", streams, n>>10, runtime.NumGoroutine()-goroutines)
	}
	for _, c := range []*caller{all[0], all[clients-1], all[clients-2]} {
		if a, _ := c.call("calendar_echo", map[string]any{"text": "hello"}); !strings.Contains(a.body, "says hello") {
			t.Errorf("a call while the streams stand: %d %s", a.status, a.body)
		}
	}
	// Who lets go of one makes room for one, for whoever comes.
	h.drop(1)
	last := all[clients-1]
	deadline := time.Now().Add(20 * time.Second)
	for h.take(last) != http.StatusOK { // the server notices in its own time
		if time.Now().After(deadline) {
			t.Fatal("there is no room again")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := h.take(last); got != http.StatusServiceUnavailable {
		t.Errorf("there is room for two: %d", got)
	}
	h.drop(len(h.open))
	d.settled(goroutines + 20)
	d.idle()
	if got := h.take(last); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}
