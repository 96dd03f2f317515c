package bridge

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// skewed is a clock that a test can set.
type skewed struct{ by atomic.Int64 }

func (c *skewed) now() time.Time        { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *skewed) pass(by time.Duration) { c.by.Add(int64(by)) }

// TestAnOpenStreamEndsWithItsToken within the second, as after a computer's sleep, while its grant goes on.
func TestAnOpenStreamEndsWithItsToken(t *testing.T) {
	var clock skewed
	s := serveWith(t, Config{Now: clock.now, Getenv: noVault})
	_, token := s.grant("gmail:read")
	closed := s.listen(token)
	clock.pass(30 * time.Minute)
	_, later := s.grant("gmail:read")
	stays := s.listen(later)
	clock.pass(30 * time.Minute)
	began := time.Now()
	waitFor(t, closed, "the stream's end")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("after its time the token gets %d", status)
	}
	if status, text := s.call(later, "gmail_search", search); status != http.StatusOK {
		t.Errorf("the later token gets %d %s", status, text)
	}
	select {
	case <-stays:
		t.Error("the stream of the later token has ended")
	default:
	}
	clock.pass(30 * time.Minute)
	waitFor(t, stays, "the end of the other stream")
}
