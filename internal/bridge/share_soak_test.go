//go:build soak

package bridge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/internal/fakegoogle/demo"
	"postern/internal/ngroktest"
	"postern/server/oauth"
	"postern/tunnel"
)

const (
	soakClients = 50
	soakCuts    = 20 * time.Second // between two
	soakRecover = 10 * time.Second // within which all goes again after a cut
	lingers     = 40 * time.Second // for which the SDK's goroutines may outlive their agent, and some
)

// soakMinutes is how long the soak takes: POSTERN_SOAK_MINUTES, else ten.
func soakMinutes(t *testing.T) time.Duration {
	t.Helper()
	minutes := 10
	if text := os.Getenv("POSTERN_SOAK_MINUTES"); text != "" {
		var err error
		if minutes, err = strconv.Atoi(text); err != nil || minutes < 1 || minutes > 55 {
			t.Fatalf("POSTERN_SOAK_MINUTES is %q: want 1 to 55, for the clients' tokens are good for an hour", text)
		}
	}
	return time.Duration(minutes) * time.Minute
}

// TestShareSoak has clients from fifty addresses use Postern through the tunnel while its connection to the service is
// cut again and again, one client without measure, and some that do not read what they ask for. Nobody gets another's
// answer or waits for another, all goes on after each cut, and nothing stays behind.
func TestShareSoak(t *testing.T) {
	lasts := soakMinutes(t)
	before := runtime.NumGoroutine()
	t.Run("load", func(t *testing.T) { soak(t, lasts) }) // whose end closes everything
	after, limit := runtime.NumGoroutine(), time.Now().Add(lingers)
	for ; after > before && time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		after = runtime.NumGoroutine()
	}
	t.Logf("goroutines: %d before, %d after", before, after)
	if after > before {
		var all strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&all, 1) // to memory
		t.Errorf("goroutines stay behind:\n%s", &all)
	}
}

// soaking is one run.
type soaking struct {
	*serving
	edge  *ngroktest.Edge
	cuts  atomic.Int64 // so far
	cutAt atomic.Int64 // when the last was, in nanoseconds of the Unix time

	mu    sync.Mutex // guards the field below
	count map[string]int
}

func soak(t *testing.T, lasts time.Duration) {
	s := shareThroughEdge(t)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer func() { cancel(); group.Wait() }()
	var clients []*soakClient
	for i := range soakClients {
		clients = append(clients, s.client(i, i == 0))
	}
	for _, c := range clients {
		group.Go(func() { c.run(ctx) })
	}
	for i, idle := range []func(context.Context, *soakClient){s.readsNothing, s.readsNothing, s.readsSlowly, s.readsSlowly, s.listens, s.listens, s.stopsInTheHead} {
		c := s.client(soakClients+i, false)
		group.Go(func() { idle(ctx, c) })
	}

	warm, warmHeap, warmGoroutines := time.Now().Add(lasts/4), uint64(0), 0
	var outages []float64
	for end := time.Now().Add(lasts); time.Now().Add(soakCuts).Before(end); {
		time.Sleep(soakCuts) // under load, which is what it is about
		for _, c := range clients {
			if good := c.good.Load(); good < s.cuts.Load() {
				t.Errorf("client %d has had no answer since cut %d, its last one was after cut %d", c.number, s.cuts.Load(), good)
			}
		}
		if warmHeap == 0 && time.Now().After(warm) {
			warmHeap, warmGoroutines = heap(), runtime.NumGoroutine()
		}
		outages = append(outages, s.cut())
	}
	time.Sleep(soakRecover)
	for _, c := range clients {
		if c.good.Load() < s.cuts.Load() {
			t.Errorf("client %d has had no answer since the last cut", c.number)
		}
	}
	endHeap, endGoroutines := heap(), runtime.NumGoroutine()
	now, err := s.Tunnel(t.Context())
	if err != nil || now.State != string(tunnel.Online) || now.CheckBad {
		t.Errorf("at the end the tunnel is %+v, %v", now, err)
	}
	cancel()
	group.Wait()

	slices.Sort(outages)
	t.Logf("%v: %d answers from outside counted, %s", lasts, now.Requests, s.counted())
	t.Logf("%d cuts, after each offline for %.2f s in the middle and %.2f s at most", len(outages), outages[len(outages)/2], outages[len(outages)-1])
	t.Logf("goroutines under load: %d when warm, %d at the end", warmGoroutines, endGoroutines)
	t.Logf("heap after a collection: %.1f MiB when warm, %.1f MiB at the end", mib(warmHeap), mib(endHeap))
	if endGoroutines > warmGoroutines+100 {
		t.Error("goroutines pile up")
	}
	if endHeap > warmHeap+warmHeap/2+8<<20 {
		t.Error("memory piles up")
	}
	if s.count["200"] == 0 || s.count["429 to the greedy"] == 0 {
		t.Error("there was no load")
	}
	if forwarded := s.edge.Requests(); now.Requests > forwarded || now.Requests < s.count["200"]/2 {
		t.Errorf("Postern counts %d requests, %d were forwarded", now.Requests, forwarded)
	}
}

// shareThroughEdge serves the sample account, shared through a stand-in for ngrok's edge.
func shareThroughEdge(t *testing.T) *soaking {
	t.Helper()
	edge := &ngroktest.Edge{Token: "2soak_token"}
	if err := edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = edge.Close() }) // it has failed the test by then, or not
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, edge.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &soaking{serving: serveWith(t, Config{Getenv: fileVault, Web: edge.Client().Transport}), edge: edge, count: map[string]int{}}
	if err := s.TunnelLogin(t.Context(), edge.Token, edge.Domain); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"tunnel.connect_url": edge.Addr(), "tunnel.ca_file": ca} {
		if err := s.SetSetting(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ShareOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.url = edge.URL() + oauth.Path // grants are for that address
	return s
}

// cut breaks the connection to the service, every third time so that the service takes the tunnel for online still, and
// returns after how many seconds the tunnel was online again.
func (s *soaking) cut() float64 {
	s.t.Helper()
	hold := 0
	if s.cuts.Load()%3 == 2 {
		hold = 1
	}
	s.edge.HoldFor(hold)
	began := time.Now()
	s.cutAt.Store(began.UnixNano())
	s.edge.Cut()
	s.cuts.Add(1) // what is asked from now on is asked after it
	ctx, cancel := context.WithTimeout(s.t.Context(), soakRecover)
	defer cancel()
	if err := s.edge.Wait(ctx, 1); err != nil {
		s.t.Errorf("after cut %d the tunnel does not come back: %v", s.cuts.Load(), err)
	}
	return time.Since(began).Seconds()
}

// saw counts what a client saw. Where all should go well, anything else is an error.
func (s *soaking) saw(what string, fine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[what]++
	if since := time.Since(time.Unix(0, s.cutAt.Load())); !fine && since > soakRecover {
		s.t.Errorf("%v after the last cut: %s", since.Round(time.Millisecond), what)
	}
}

func (s *soaking) counted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for what, n := range s.count {
		all = append(all, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// heap is what lives on the heap.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first has finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// mail puts a mail with a word into the sample account that only one client looks for.
func (s *soaking) mail(word string) {
	s.demo.Mail.AddMessage(demo.Email, []byte("From: Post <post@example.org>\r\nTo: "+demo.Email+"\r\nSubject: "+word+"\r\nMessage-ID: <"+word+"@example.org>\r\n"+
		"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nContent-Type: text/plain\r\n\r\nFor one alone.\r\n"))
}
