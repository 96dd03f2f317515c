package bridge

import (
	"testing"

	"postern/internal/fakeclient"
	"postern/server/oauth"
)

// TestBlocking takes the client's question back, and the end of it gives nothing.
func TestBlocking(t *testing.T) {
	s := serve(t, t.TempDir())
	c, err := fakeclient.Ask(t.Context(), s.url, "Blocked", "http://127.0.0.1:9/cb")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BlockClient(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if open, err := s.Queue.Pending(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d questions wait, %v", len(open), err)
	}
	for _, letIn := range []bool{false, true} {
		id, want := c.ID, oauth.New
		if letIn {
			g, _ := s.grant("gmail:read")
			id, want = g.ClientID, oauth.Approved
			if err := s.BlockClient(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.UnblockClient(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Store.Client(t.Context(), id); err != nil || got.Status != want {
			t.Errorf("unblocked it is %s, %v, want %s", got.Status, err, want)
		}
	}
}
