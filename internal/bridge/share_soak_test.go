//go:build soak

package bridge

import (
	"context"
	"encoding/base64"
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
	soakCuts    = 20 * time.Second       // between two
	soakRest    = 100 * time.Second      // between some: long enough for Postern to see by itself that a client does not read
	soakRecover = 10 * time.Second       // within which all goes again after a cut
	freed       = 500 * time.Millisecond // after which a cut has ended what waited; the clients take longer to ask again
	lingers     = 40 * time.Second       // for which the SDK's goroutines may outlive their agent, and some
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
	edge *ngroktest.Edge
	cuts atomic.Int64 // so far
	anew lines        // of the log, where Postern has made the connection anew by itself

	mu       sync.Mutex // guards the fields below
	count    map[string]int
	breaks   []time.Time // when an agent was cut off, or signed in
	troubles []trouble
}

// trouble is what a client saw that is right only while the tunnel is not online.
type trouble struct {
	at   time.Time
	what string
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
	group.Go(func() { s.follow(ctx) })
	for i, idle := range []func(context.Context, *soakClient){s.readsNothing, s.readsNothing, s.readsSlowly, s.readsSlowly, s.listens, s.listens, s.stopsInTheHead} {
		c := s.client(soakClients+i, false)
		group.Go(func() { idle(ctx, c) })
	}

	warm, warmHeap, warmGoroutines := time.Now().Add(lasts/4), uint64(0), 0
	var outages []float64
	rests := 0
	for end := time.Now().Add(lasts - soakRecover); time.Now().Add(soakCuts).Before(end); {
		gap := soakCuts
		if s.cuts.Load()%10 == 1 && time.Now().Add(soakRest).Before(end) {
			gap = soakRest
			rests++
		}
		time.Sleep(gap) // under load, which is what it is about
		s.allAnswered(clients)
		outages = append(outages, s.cut())
		if warmHeap == 0 && time.Now().After(warm) {
			warmHeap, warmGoroutines = heap(), runtime.NumGoroutine()
		}
	}
	time.Sleep(soakRecover)
	s.allAnswered(clients)
	outages = append(outages, s.cut())
	endHeap, endGoroutines := heap(), runtime.NumGoroutine()
	now, err := s.Tunnel(t.Context())
	if err != nil || now.State != tunnel.Online || now.Check.Bad() {
		t.Errorf("at the end the tunnel is %+v, %v", now, err)
	}
	cancel()
	group.Wait()
	s.judge()

	slices.Sort(outages)
	t.Logf("%v: %d answers from outside counted, %s", lasts, now.Requests, s.counted())
	t.Logf("%d cuts, after each offline for %.0f ms in the middle and %.0f ms at most; made anew by itself %d times", len(outages), 1000*outages[len(outages)/2], 1000*outages[len(outages)-1], s.anew.n.Load())
	t.Logf("goroutines under load: %d when warm, %d at the end", warmGoroutines, endGoroutines)
	t.Logf("heap after a collection: %.1f MiB when warm, %.1f MiB at the end", mib(warmHeap), mib(endHeap))
	if endGoroutines > warmGoroutines+100 {
		t.Error("goroutines pile up")
	}
	if endHeap > warmHeap+warmHeap/2+8<<20 {
		t.Error("memory piles up")
	}
	if int(s.anew.n.Load()) < rests {
		t.Errorf("Postern has made the connection anew %d times for clients that do not read, who had %d times to hold it up", s.anew.n.Load(), rests)
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
	s := &soaking{edge: edge, count: map[string]int{}, anew: lines{with: "a client has stopped reading"}}
	s.serving = serveWith(t, Config{Getenv: fileVault, Web: edge.Client().Transport, Log: &s.anew})
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
	s.broke()
	s.edge.Cut()
	s.cuts.Add(1) // what is asked from now on is asked after it
	ctx, cancel := context.WithTimeout(s.t.Context(), soakRecover)
	defer cancel()
	if err := s.edge.Wait(ctx, 1); err != nil {
		s.t.Errorf("after cut %d the tunnel does not come back: %v", s.cuts.Load(), err)
	}
	return time.Since(began).Seconds()
}

// follow notes when an agent signs in, which one does too that Postern has made anew by itself.
func (s *soaking) follow(ctx context.Context) {
	for known := s.edge.Auths(); ; known = s.edge.Auths() {
		if s.edge.Await(ctx, func() bool { return s.edge.Auths() > known }) != nil {
			return
		}
		s.broke()
	}
}

func (s *soaking) broke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaks = append(s.breaks, time.Now())
}

// saw counts what a client saw. What is not fine must have to do with a break, see judge.
func (s *soaking) saw(what string, fine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[what]++
	if !fine {
		s.troubles = append(s.troubles, trouble{time.Now(), what})
	}
}

// judge fails for all that went wrong while the tunnel was online.
func (s *soaking) judge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.troubles {
		if !slices.ContainsFunc(s.breaks, func(at time.Time) bool { return one.at.Sub(at).Abs() < soakRecover }) {
			s.t.Errorf("while the tunnel was online: %s", one.what)
		}
	}
}

// allAnswered fails unless every client has had a good answer a moment ago, to what it asked after the last cut.
func (s *soaking) allAnswered(clients []*soakClient) {
	s.t.Helper()
	for _, c := range clients {
		if ago := time.Since(time.Unix(0, c.goodAt.Load())); c.good.Load() < s.cuts.Load() || ago > soakRecover {
			s.t.Errorf("after cut %d the last good answer to client %d is %v old, to a question after cut %d", s.cuts.Load(), c.number, ago.Round(time.Millisecond), c.good.Load())
		}
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

// heap is what lives on the heap a moment after a cut, which has freed the answers that nobody reads.
func heap() uint64 {
	time.Sleep(freed)
	runtime.GC()
	runtime.GC() // what the first has finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// lines counts those of a log that have some words.
type lines struct {
	with string
	n    atomic.Int64
}

func (l *lines) Write(line []byte) (int, error) {
	if strings.Contains(string(line), l.with) {
		l.n.Add(1)
	}
	return len(line), nil
}

// picture puts a mail with a picture of 3 MB into the sample account, which is more than fits between a client and Postern, and
// returns its id.
func (s *soaking) picture() string {
	data := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 3<<20)...)
	return s.demo.Mail.AddMessage(demo.Email, []byte("From: Post <post@example.org>\r\nTo: "+demo.Email+"\r\nSubject: a picture\r\nMessage-ID: <picture@example.org>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: image/png; name=\"p.png\"\r\nContent-Disposition: attachment; filename=\"p.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(data)+"\r\n"))
}

// mail puts a mail with a word into the sample account that only one client looks for.
func (s *soaking) mail(word string) {
	s.demo.Mail.AddMessage(demo.Email, []byte("From: Post <post@example.org>\r\nTo: "+demo.Email+"\r\nSubject: "+word+"\r\nMessage-ID: <"+word+"@example.org>\r\n"+
		"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nContent-Type: text/plain\r\n\r\nFor one alone.\r\n"))
}
