package approval

import "errors"

// Face is where an answer is typed.
type Face struct {
	Process  Process // that takes the answer
	Terminal bool    // whether a person's terminal is on its input and output
	Trusted  bool    // whether the owner has switched off the checks of MayApprove (setting approvals.cli)
}

// The reasons why a yes is not taken at a command line.
var (
	ErrNoTerminal = errors.New("an approval wants a terminal: a program could have typed this. Run the command in a terminal of your own")
	ErrSameClient = errors.New("this command was started by the program that asked, and that program must not answer for you. Run it in a terminal that you have opened yourself")
)

// MayApprove says why a yes to r is not taken from f, or nil. A program of the owner's can always pretend to be the
// owner where the operating system does not keep them apart; this stops the one that simply types the command. A no
// may come from anywhere.
func MayApprove(f Face, r Request) error {
	if f.Trusted {
		return nil
	}
	if !f.Terminal {
		return ErrNoTerminal
	}
	return unrelated(f, r.Asker)
}

// MayLoosen says why f may not loosen what the owner is asked about (the settings approvals.*), or nil. askers are
// those of the open questions: a program that waits for a yes must not switch the question off.
func MayLoosen(f Face, askers ...Process) error {
	if !f.Terminal {
		return ErrNoTerminal
	}
	for _, a := range askers {
		if err := unrelated(f, a); err != nil {
			return err
		}
	}
	return nil
}

// unrelated refuses a face that the asker, or the client that started the asker, has started.
func unrelated(f Face, asker Process) error {
	if asker.Client != (Ancestor{}) && f.Process.DescendsFrom(asker.Client) || f.Process.DescendsFrom(Ancestor{asker.PID, asker.Start}) {
		return ErrSameClient
	}
	return nil
}
