package oauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/internal/approval"
)

// TestAPhishersAddressMustBeTyped is attack 25: a client may call itself Claude, but access that would go to a host that
// is not on the list is given only to who has typed the name of that host.
func TestAPhishersAddressMustBeTyped(t *testing.T) {
	for _, c := range []struct{ redirect, host, warned string }{
		{"https://evil.example/cb", "evil.example", "not on the list of known apps"},
		{"https://claude.ai.evil.example/cb", "claude.ai.evil.example", "looks like claude.ai"},
		{"https://xn--clude-3ve.ai/cb", "xn--clude-3ve.ai", "not on the list of known apps"},
	} {
		d := newDesk(t)
		status, v := d.registration(map[string]any{"client_name": "Claude", "redirect_uris": []string{c.redirect}})
		if status != http.StatusCreated {
			t.Fatalf("%s: registering: %d %v", c.redirect, status, v)
		}
		page := newBrowser(t).get(d.request(v["client_id"].(string), url.Values{"redirect_uri": {c.redirect}}))
		q := d.pending()
		if warnings := fmt.Sprint(q.Preview.Warnings); !strings.Contains(warnings, c.warned) || !strings.Contains(warnings, c.host) || q.Offer.SendTo != c.redirect || q.Offer.Known != "" {
			t.Errorf("%s: the owner sees %+v of %q with the warnings %s", c.redirect, q.Offer, q.Client, warnings)
		}
		yes := approval.Answer{Approved: true, Number: page.number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}}}
		for _, typed := range []string{"", "claude.ai", "evil", c.host + ".claude.ai"} {
			yes.Host = typed
			if err := d.queue.Answer(t.Context(), q.ID, yes); !errors.Is(err, approval.ErrHost) {
				t.Errorf("%s: a yes with %q gets %v", c.redirect, typed, err)
			}
		}
		yes.Host = " " + strings.ToUpper(c.host)
		if err := d.queue.Answer(t.Context(), d.pending().ID, yes); err != nil {
			t.Errorf("%s: a yes with its host gets %v", c.redirect, err)
		}
	}
}

// TestAKnownAddressNeedNotBeTyped, nor one of this computer.
func TestAKnownAddressNeedNotBeTyped(t *testing.T) {
	for _, redirect := range []string{"https://claude.ai/api/mcp/auth_callback", callback} {
		d := newDesk(t)
		page := newBrowser(t).get(d.request(d.register(redirect), url.Values{"redirect_uri": {redirect}}))
		d.allow(page.number)
	}
}
