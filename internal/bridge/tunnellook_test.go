package bridge

import (
	"strings"
	"testing"
)

// TestLookAtTunnel: what the doctor finds.
func TestLookAtTunnel(t *testing.T) {
	s := newShared(t)
	look := func() map[string]Look {
		t.Helper()
		all, err := s.LookAtTunnel(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]Look{}
		for _, one := range all {
			by[one.What] = one
		}
		return by
	}
	if got := look(); got["tunnel"].Says != "off" || !got["ngrok's service"].OK || !got["ngrok account"].OK {
		t.Errorf("off: %+v", got)
	}
	s.on()
	got := look()
	for _, what := range []string{"ngrok's service", "ngrok account", "public address", "issuer", "clock"} {
		if one, ok := got[what]; !ok || !one.OK || one.Says == "" {
			t.Errorf("%s: %+v", what, one)
		}
	}
	if got["issuer"].Says != s.edge.URL() {
		t.Errorf("%+v", got["issuer"])
	}
	s.edge.Quota("ERR_NGROK_727")
	if got := look(); got["public address"].OK {
		t.Errorf("%+v", got)
	}
	s.edge.Quota("")
	s.set("tunnel.ca_file", "")
	if got := look(); got["ngrok's service"].OK || !strings.Contains(got["ngrok's service"].Says, "certificate") {
		t.Errorf("%+v", got)
	}
}
