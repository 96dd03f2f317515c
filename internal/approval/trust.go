package approval

import "errors"

// Face is where an answer is typed.
type Face struct {
	Process  Process // that takes the answer
	Terminal bool    // whether a person's terminal is on its input and output
	Trusted  bool    // whether the owner has switched off the checks of MayApprove (setting approvals.cli)
}

// The reasons why a yes, or a looser rule, is not taken at a command line.
var (
	ErrNoTerminal = errors.New("this wants a terminal: a program could have typed it. Run the command in a terminal of your own")
	ErrSameClient = errors.New("this command was started by the program that asked, and that program must not answer for you. Run it in a terminal that you have opened yourself")
	ErrClient     = errors.New("this command was started by a program that is connected to Postern as a client, and a client must not decide for you. Run it in a terminal that you have opened yourself")
)

// MayApprove says why a yes to r is not taken from f, or nil. connected are the processes that serve clients now (see
// Serving), and the clients over HTTP (see Caller): no client's program may answer, whichever asked. A program of the
// owner's can always pretend to be the owner where the operating system does not keep them apart; this stops the one that
// simply types the command. A no may come from anywhere.
func MayApprove(f Face, r Request, connected ...Process) error {
	if f.Trusted {
		return nil
	}
	if !f.Terminal {
		return ErrNoTerminal
	}
	if below(f, r.Asker) {
		return ErrSameClient
	}
	return apart(f, connected)
}

// MayLoosen says why f may not loosen what the owner is asked about (the settings approvals.* and the like), or nil.
// clients are the askers of the open questions, the processes that serve clients now (see Serving) and the clients over
// HTTP (see Caller): an assistant must not switch the question off. That the owner trusts command lines to answer is no
// trust in loosening the rules.
func MayLoosen(f Face, clients ...Process) error {
	if !f.Terminal {
		return ErrNoTerminal
	}
	return apart(f, clients)
}

// apart refuses a face that one of the clients has started.
func apart(f Face, clients []Process) error {
	for _, c := range clients {
		if below(f, c) {
			return ErrClient
		}
	}
	return nil
}

// below reports whether the face was started by a process that serves a client, or by the client.
func below(f Face, serving Process) bool {
	return serving.Client != (Ancestor{}) && f.Process.DescendsFrom(serving.Client) || f.Process.DescendsFrom(Ancestor{serving.PID, serving.Start})
}
