package tunnel

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestGate(t *testing.T) {
	began, cause, leave := make(chan struct{}), make(chan error, 1), make(chan struct{})
	g := NewGate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/long" {
			return
		}
		close(began)
		<-r.Context().Done()
		cause <- context.Cause(r.Context())
		<-leave
	}))
	web := httptest.NewServer(g)
	defer web.Close()
	ask := func(path string) error {
		resp, err := web.Client().Get(web.URL + path)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := ask("/"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- ask("/long") }()
	<-began
	g.Shut()
	g.Shut()
	if err := <-cause; !errors.Is(err, ErrClosed) {
		t.Errorf("what ran was told %v", err)
	}
	if err := ask("/"); err == nil {
		t.Error("a request came through a gate that is shut")
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.Wait(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what does not end: %v", err)
	}
	close(leave)
	if err := g.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestGateWithNothingRunning(t *testing.T) {
	g := NewGate(http.NotFoundHandler())
	g.Shut()
	if err := g.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestError(t *testing.T) {
	if got := (&Error{Code: "ERR_NGROK_107", Detail: "no such authtoken"}).Error(); got != "no such authtoken (ERR_NGROK_107)" {
		t.Error(got)
	}
	if got := (&Error{Detail: "no such authtoken"}).Error(); got != "no such authtoken" {
		t.Error(got)
	}
}
