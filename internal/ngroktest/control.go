package ngroktest

import "slices"

// will is what a test has decided.
type will struct {
	failAuth refusal
	failBind struct {
		refusal
		times int
	}
	giveURL string
	hold    int // what held becomes with every cut
	held    int
	refuse  bool
	anyHost bool
	quota   string
	// What is left without an answer.
	ignoreAuth, ignoreBind bool

	thaw chan struct{} // not nil while frozen
}

// set changes what a test has decided.
func (e *Edge) set(change func(*will)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.will)
}

// FailAuth refuses every agent that signs in, until FailAuth("", ""). The code is "ERR_NGROK_121" or just "121"; without a
// message it is ngrok's own. In a message {token} stands for the authtoken.
func (e *Edge) FailAuth(code, message string) {
	e.set(func(w *will) { w.failAuth = refusal{code, message} })
}

// FailBind refuses the next binds, in the manner of FailAuth; with times < 0 all of them until the next FailBind.
func (e *Edge) FailBind(code, message string, times int) {
	e.set(func(w *will) { w.failBind.refusal, w.failBind.times = refusal{code, message}, times })
}

// GiveURL makes the edge hand out another URL than was asked for; an empty one ends that.
func (e *Edge) GiveURL(url string) { e.set(func(w *will) { w.giveURL = url }) }

// HoldFor makes the edge believe after each Cut that the endpoint is still online, for n binds.
func (e *Edge) HoldFor(n int) { e.set(func(w *will) { w.hold = n }) }

// Refuse closes new connections of agents at once while on.
func (e *Edge) Refuse(on bool) { e.set(func(w *will) { w.refuse = on }) }

// AnyHost brings every public request to the endpoint that is online, whatever its Host.
func (e *Edge) AnyHost(on bool) { e.set(func(w *will) { w.anyHost = on }) }

// Quota makes the edge answer public requests itself, with the code ("727" or "ERR_NGROK_727"), until Quota("").
func (e *Edge) Quota(code string) { e.set(func(w *will) { w.quota = fullCode(code) }) }

// IgnoreAuth leaves agents that sign in without an answer from now on while on, their heartbeats not. Those that were
// ignored stay so.
func (e *Edge) IgnoreAuth(on bool) { e.set(func(w *will) { w.ignoreAuth = on }) }

// IgnoreBind does so with the binds.
func (e *Edge) IgnoreBind(on bool) { e.set(func(w *will) { w.ignoreBind = on }) }

// Freeze leaves heartbeats unanswered while on, and the connections up. Under the race detector, await a heartbeat first:
// the SDK's own signing in races with a first heartbeat that times out (raw_session.go in v2.4.0 sets its logger late).
func (e *Edge) Freeze(on bool) {
	e.set(func(w *will) {
		switch {
		case on && w.thaw == nil:
			w.thaw = make(chan struct{})
		case !on && w.thaw != nil:
			close(w.thaw)
			w.thaw = nil
		}
	})
}

// frozen returns what is closed at the thaw, nil when nothing is frozen.
func (e *Edge) frozen() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.will.thaw == nil {
		return nil
	}
	return e.will.thaw
}

// Cut drops the connection of every agent at once, as a broken network does, and returns how many there were. Public
// requests under way fail with ERR_NGROK_3004. Under the race detector, Wait for the agents before they disconnect: a
// session that dies while it signs in races with itself (rpc in the SDK's raw_session.go).
func (e *Edge) Cut() int {
	e.mu.Lock()
	e.counts.cuts++
	e.will.held = e.will.hold
	e.mu.Unlock()
	return e.drop()
}

// drop drops the connection of every agent.
func (e *Edge) drop() int {
	e.mu.Lock()
	var all []*session
	for s := range e.sessions {
		all = append(all, s)
		e.forget(s)
	}
	e.announce()
	e.mu.Unlock()
	for _, s := range all {
		s.cut()
	}
	return len(all)
}

// Auths returns how often an agent signed in or tried to.
func (e *Edge) Auths() int { return e.count(&e.counts.auths) }

// Binds returns how often an agent bound an endpoint or tried to.
func (e *Edge) Binds() int { return e.count(&e.counts.binds) }

// Requests returns how many public requests were forwarded.
func (e *Edge) Requests() int { return e.count(&e.counts.requests) }

// Heartbeats returns how many heartbeats of agents were answered.
func (e *Edge) Heartbeats() int { return e.count(&e.counts.heartbeats) }

// Cuts returns how often Cut was called.
func (e *Edge) Cuts() int { return e.count(&e.counts.cuts) }

func (e *Edge) count(n *int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return *n
}

// Sessions returns how many agents are signed in.
func (e *Edge) Sessions() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.signedIn()
}

// Online returns the URLs of the endpoints whose agents know that they are online, sorted.
func (e *Edge) Online() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	urls := []string{}
	for host, p := range e.endpoints {
		if p.settled {
			urls = append(urls, "https://"+host)
		}
	}
	slices.Sort(urls)
	return urls
}

// LastAuth returns what an agent said last to sign in, with its authtoken.
func (e *Edge) LastAuth() Auth {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastAuth
}

// LastBind returns what an agent said last to bring an endpoint online.
func (e *Edge) LastBind() Bind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastBind
}
