package ngroktest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.ngrok.com/ngrok/v2"
	"golang.ngrok.com/ngrok/v2/rpc"
)

func TestStoppedEndpoint(t *testing.T) {
	e := start(t, &Edge{})
	a := serve(t, e, text("hello"))
	if err := e.StopEndpoint("3210", "stopped by the operator"); err != nil {
		t.Fatal(err)
	}
	err := receive(t, a.served, "the end of Serve")
	var known ngrok.Error
	if !errors.As(err, &known) || known.Code() != "ERR_NGROK_3210" || !strings.Contains(err.Error(), "stopped by the operator") {
		t.Errorf("Serve returned %v", err)
	}
	if e.Sessions() != 1 || len(e.Online()) != 0 {
		t.Errorf("sessions %d, online %q", e.Sessions(), e.Online())
	}
	if err := e.StopEndpoint("3210", ""); err == nil {
		t.Error("stopping nothing succeeded")
	}
}

func TestRemoteCommands(t *testing.T) {
	e := start(t, &Edge{})
	commands := make(chan string, 3)
	a := serve(t, e, text(""), ngrok.WithRPCHandler(func(_ context.Context, _ ngrok.AgentSession, r rpc.Request) ([]byte, error) {
		commands <- r.Method()
		if r.Method() == rpc.StopAgentMethod {
			return nil, nil
		}
		return nil, errors.New("not here")
	}))
	for _, tell := range []func() (string, error){e.UpdateAgent, e.RestartAgent} {
		if objection, err := tell(); objection != "not here" || err != nil {
			t.Errorf("got %q, %v", objection, err)
		}
	}
	if objection, err := e.StopAgent(); objection != "" || err != nil {
		t.Errorf("stop: %q, %v", objection, err)
	}
	receive(t, a.served, "the end of Serve")
	if got := []string{<-commands, <-commands, <-commands}; strings.Join(got, " ") != strings.Join([]string{rpc.UpdateAgentMethod, rpc.RestartAgentMethod, rpc.StopAgentMethod}, " ") {
		t.Errorf("commands %q", got)
	}
	if err := e.Await(limit(t), func() bool { return e.Sessions() == 0 }); err != nil {
		t.Error(err)
	}
	if _, err := e.StopAgent(); err == nil {
		t.Error("stopping nobody succeeded")
	}
}

func TestSilentAgent(t *testing.T) {
	e := start(t, &Edge{AnswerTimeout: 50 * time.Millisecond})
	serve(t, e, text(""))
	if objection, err := e.StopAgent(); err == nil {
		t.Errorf("an agent without a handler answered %q", objection)
	}
}
