package ngroktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.ngrok.com/muxado/v2"
)

// StopAgent tells an agent to stop, as its owner can do in ngrok's dashboard, and returns what the agent says against it:
// nothing if it obeys. An agent that does not answer is an error.
func (e *Edge) StopAgent() (objection string, err error) { return e.tell(typeStop) }

// RestartAgent tells an agent to restart, in the manner of StopAgent.
func (e *Edge) RestartAgent() (objection string, err error) { return e.tell(typeRestart) }

// UpdateAgent tells an agent to update itself, in the manner of StopAgent.
func (e *Edge) UpdateAgent() (objection string, err error) { return e.tell(typeUpdate) }

func (e *Edge) tell(kind muxado.StreamType) (string, error) {
	s := e.anyAgent()
	if s == nil {
		return "", errors.New("no agent is signed in")
	}
	stream, err := s.open(kind)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	if _, err := stream.Write([]byte("{}\n")); err != nil {
		return "", err
	}
	stream.SetReadDeadline(time.Now().Add(e.AnswerTimeout))
	var a plainAnswer
	if err := json.NewDecoder(stream).Decode(&a); err != nil {
		return "", fmt.Errorf("waiting for the agent's answer: %w", err)
	}
	return a.Error, nil
}

func (e *Edge) anyAgent() *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	for s := range e.sessions {
		if s.signedIn {
			return s
		}
	}
	return nil
}

// StopEndpoint takes every endpoint offline and tells its agent why. Sessions stay up.
func (e *Edge) StopEndpoint(code, message string) error {
	e.mu.Lock()
	stopped := e.endpoints
	e.endpoints = map[string]*endpoint{}
	e.announce()
	e.mu.Unlock()
	if len(stopped) == 0 {
		return errors.New("no endpoint is online")
	}
	for _, p := range stopped {
		text, err := json.Marshal(stopEndpoint{ID: p.id, Message: message, ErrorCode: fullCode(code)})
		if err != nil {
			return err
		}
		stream, err := p.session.open(typeStopEndpoint)
		if err != nil {
			return err
		}
		_, err = stream.Write(text)
		stream.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
