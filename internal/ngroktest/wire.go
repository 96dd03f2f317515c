package ngroktest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"golang.ngrok.com/muxado/v2"
)

// What an agent and the edge say to each other, as ngrok-go has it in internal/tunnel/proto. Only the fields that a test
// looks at or that the SDK needs are here. Every stream begins with its type; a call is one JSON value each way.

const (
	typeAuth         muxado.StreamType = 0
	typeBind         muxado.StreamType = 1
	typeUnbind       muxado.StreamType = 2
	typeProxy        muxado.StreamType = 3
	typeRestart      muxado.StreamType = 4
	typeStop         muxado.StreamType = 5
	typeUpdate       muxado.StreamType = 6
	typeLabels       muxado.StreamType = 7
	typeServer       muxado.StreamType = 8
	typeStopEndpoint muxado.StreamType = 9
	typePatch        muxado.StreamType = 10
	typeHeartbeat    muxado.StreamType = 0xFFFFFFFF
)

// Auth is what an agent says first.
type Auth struct {
	Version  []string
	ClientID string `json:"ClientId"` // empty at first, the edge's answer after that
	Extra    AuthExtra
}

// AuthExtra is the part of an Auth that says who the agent is. The three errors say what the owner may not do to the
// agent from the dashboard: nil and empty mean that it may be done.
type AuthExtra struct {
	OS, Arch, Authtoken, Version, Hostname, UserAgent, Metadata, Cookie string
	HeartbeatInterval, HeartbeatTolerance                               int64
	UpdateUnsupportedError                                              *string
	StopUnsupportedError                                                *string
	RestartUnsupportedError                                             *string
	ClientType                                                          string
}

type authAnswer struct {
	Version  string
	ClientID string `json:"ClientId"`
	Error    string
	Extra    authAnswerExtra
}

type authAnswerExtra struct {
	Version, Region, Cookie, AccountName, PlanName, Banner, AgentSessionID string
	SessionDuration                                                        int64
}

// Bind is what an agent says to bring an endpoint online.
type Bind struct {
	ID         string `json:"Id"` // empty at first, the edge's answer when it binds again
	Proto      string
	ForwardsTo string
	Opts       BindOpts
	Extra      BindExtra
}

// BindOpts is the part of a Bind that says what is asked for.
type BindOpts struct {
	URL           string // empty: the account's own domain
	TrafficPolicy string
}

// BindExtra is the part of a Bind that goes with the endpoint.
type BindExtra struct {
	Name, Token, Metadata, Description string
	Bindings                           []string
	PoolingEnabled                     bool
}

type bindAnswer struct {
	ID    string `json:"Id"`
	URL   string
	Proto string
	Opts  any // must be an object when Error is empty
	Error string
	Extra bindAnswerExtra
}

type bindAnswerExtra struct{ Token, TunnelID string }

type unbind struct {
	ID string `json:"Id"`
}

// plainAnswer answers what has nothing to say but an error.
type plainAnswer struct{ Error string }

type serverAnswer struct{ Region string }

type stopEndpoint struct {
	ID                 string `json:"Id"`
	Message, ErrorCode string
}

// proxyHeader opens every stream that carries a public connection, after its length in little-endian order.
type proxyHeader struct {
	ID             string `json:"Id"`
	ClientAddr     string
	Proto          string
	EdgeType       string
	PassthroughTLS bool
}

func (h proxyHeader) encode() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

var errCarrierBroken = errors.New("the stream is broken")

// carrier is a stream that can be closed at any time. Of a bare one, a dying session may still read what was written last,
// and closing it writes again (both are data races in muxado).
type carrier struct {
	muxado.Stream

	mu     sync.Mutex // held while writing; guards the fields below
	buf    []byte
	broken bool
}

// Write writes a copy of p, which stays untouched should the write fail.
func (c *carrier) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return 0, errCarrierBroken
	}
	c.buf = append(c.buf[:0], p...)
	n, err := c.Stream.Write(c.buf)
	if err != nil {
		c.buf, c.broken = nil, true
	}
	return n, err
}

// ReadFrom keeps io.Copy away from the bare stream.
func (c *carrier) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

// Close ends every Read at once. It waits for a Write that waits for the agent: there is no way out of that but the end of
// the session.
func (c *carrier) Close() error {
	c.Stream.SetReadDeadline(time.Unix(1, 0))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return nil
	}
	c.broken = true
	return c.Stream.Close()
}
