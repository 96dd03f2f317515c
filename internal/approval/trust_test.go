package approval_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"postern/internal/approval"
)

func TestSelfKnowsItsParents(t *testing.T) {
	p := approval.Self()
	if p.PID != os.Getpid() || p.Path == "" || len(p.Ancestry) == 0 || p.Ancestry[0].PID != os.Getppid() || p.Client == (approval.Ancestor{}) {
		t.Errorf("Self: %+v", p)
	}
	if !approval.Alive(p) {
		t.Error("this process does not count as running")
	}
	p.Start = "1"
	if approval.Alive(p) {
		t.Error("another process with the same id counts as this one")
	}
}

func TestAProcessThatEndedIsNotAlive(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no cat here: %v", err)
	}
	child := approval.Inspect(cmd.Process.Pid)
	if !approval.Alive(child) {
		t.Error("a running child does not count as running")
	}
	self := approval.Self()
	if !child.DescendsFrom(approval.Ancestor{PID: self.PID, Start: self.Start}) {
		t.Errorf("the child %+v does not descend from %+v", child, self)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if approval.Alive(child) {
		t.Error("an ended child counts as running")
	}
}

func TestMayApprove(t *testing.T) {
	client := approval.Ancestor{PID: 10, Start: "a"}
	r := approval.Request{Asker: approval.Process{PID: 20, Start: "b", Client: client}}
	stranger := approval.Process{PID: 30, Ancestry: []approval.Ancestor{{PID: 31, Start: "c"}, {PID: 10, Start: "long ago"}}}
	child := approval.Process{PID: 40, Ancestry: []approval.Ancestor{{PID: 41, Start: "d"}, client}}
	below := approval.Process{PID: 50, Ancestry: []approval.Ancestor{{PID: 20, Start: "b"}}}
	for _, c := range []struct {
		name string
		face approval.Face
		want error
	}{
		{"the owner's terminal", approval.Face{Process: stranger, Terminal: true}, nil},
		{"no terminal", approval.Face{Process: stranger}, approval.ErrNoTerminal},
		{"a terminal below the client", approval.Face{Process: child, Terminal: true}, approval.ErrSameClient},
		{"a terminal below the asker", approval.Face{Process: below, Terminal: true}, approval.ErrSameClient},
		{"what the owner has switched on", approval.Face{Process: child, Trusted: true}, nil},
	} {
		if err := approval.MayApprove(c.face, r); !errors.Is(err, c.want) {
			t.Errorf("MayApprove from %s: %v, want %v", c.name, err, c.want)
		}
		if c.face.Trusted { // trust in answers is no trust in loosening the rules
			continue
		}
		want := c.want
		if want == approval.ErrSameClient {
			want = approval.ErrClient
		}
		if err := approval.MayLoosen(c.face, r.Asker); !errors.Is(err, want) {
			t.Errorf("MayLoosen from %s: %v, want %v", c.name, err, want)
		}
		// A client that has not asked decides no more than one that has.
		if err := approval.MayApprove(c.face, approval.Request{}, approval.Process{PID: 8}, r.Asker); !errors.Is(err, want) {
			t.Errorf("MayApprove for another client from %s: %v, want %v", c.name, err, want)
		}
	}
}
