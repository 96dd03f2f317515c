package guard_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// dead are tokens that are not good, each for another reason: the first was never issued, the others once were good.
func (d *door) dead(k opaque.Kind, use oauth.Use) (client string, tokens map[string]string) {
	d.t.Helper()
	now := d.clock()
	id, _ := d.grant(all)
	tokens = map[string]string{"never issued": opaque.New(k)}
	for _, name := range []string{"over", "of a grant that was ended", "of the other side", "of a grant that is over"} {
		g, err := d.store.Grant(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		s := opaque.New(k)
		g.ID = "g_" + s[6:16]
		t := oauth.Token{Hash: d.pepper.Hash(s), GrantID: g.ID, Use: use, IssuedAt: now, ExpiresAt: now.Add(300 * 24 * time.Hour)}
		switch name {
		case "over":
			t.ExpiresAt = now.Add(time.Second)
		case "of the other side":
			g.Resource = "https://postern.example.com/mcp"
		case "of a grant that is over":
			g.ExpiresAt = now.Add(time.Second)
		}
		if err := d.store.AddGrant(d.t.Context(), g, t); err != nil {
			d.t.Fatal(err)
		}
		if name == "of a grant that was ended" {
			if err := d.store.RevokeGrant(d.t.Context(), g.ID, "test", now); err != nil {
				d.t.Fatal(err)
			}
		}
		tokens[name] = s
	}
	d.pass(time.Minute)
	return "c_" + id, tokens
}

// TestDeadTokensAreAllAlike: who tries tokens learns nothing of those that once were good (attack 38), neither by what is
// answered nor by how long it takes. That each is looked up in the same way is in oauth's TestDeadTokensTakeOnePath.
func TestDeadTokensAreAllAlike(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct {
		where  string
		kind   opaque.Kind
		use    oauth.Use
		status int
		ask    func(client, token string) *http.Request
	}{
		{"/mcp", opaque.Access, oauth.ForAccess, http.StatusUnauthorized, func(_, token string) *http.Request {
			return (&caller{d: d, era: modern, token: token}).post("tools/list", nil)
		}},
		{"/token, refreshing", opaque.Refresh, oauth.ForRefresh, http.StatusBadRequest, func(client, token string) *http.Request {
			return d.form("/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}})
		}},
		{"/token, with a code", opaque.Code, oauth.ForCode, http.StatusBadRequest, func(client, token string) *http.Request {
			return d.form("/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {token}, "code_verifier": {strings.Repeat("v", 43)}})
		}},
	} {
		client, tokens := d.dead(c.kind, c.use)
		names := slices.Sorted(maps.Keys(tokens))
		answers := map[string][]string{}
		for name, token := range tokens {
			d.pass(time.Minute) // so that no limit is in the way
			a := d.do(c.ask(client, token))
			a.header.Del("Date")
			if a.status != c.status {
				t.Errorf("%s, %s: %d %s", c.where, name, a.status, a.body)
			}
			text := fmt.Sprint(a.status, a.header, a.body)
			answers[text] = append(answers[text], name)
		}
		if len(answers) != 1 {
			t.Errorf("%s tells them apart: %v", c.where, answers)
		}
		if testing.Short() {
			continue // with the race detector time says nothing
		}
		// A difference that is there is there each time; noise is not.
		var slowest, fastest time.Duration
		alike := false
		for range 5 {
			medians := d.medians(names, 300, func(name string) *http.Request { return c.ask(client, tokens[name]) })
			slowest, fastest = slices.Max(medians), slices.Min(medians)
			if alike = slowest < fastest*14/10; alike {
				break
			}
			t.Logf("%s: %v take %v", c.where, names, medians)
		}
		if !alike {
			t.Errorf("%s tells them apart by time: from %v to %v", c.where, fastest, slowest)
		}
	}
}

// form makes a request as a client sends it to the token endpoint.
func (d *door) form(path string, v url.Values) *http.Request {
	d.t.Helper()
	r := d.request(http.MethodPost, path, v.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// medians asks n times for each name, in turns so that whatever else the computer does hits all alike, and returns how
// long the answers took.
func (d *door) medians(names []string, n int, ask func(name string) *http.Request) []time.Duration {
	d.t.Helper()
	took := make([][]time.Duration, len(names))
	for round := range n {
		for i := range names {
			i = (i + round) % len(names)
			r := ask(names[i])
			d.pass(15 * time.Second)
			began := time.Now()
			res, err := d.client.Do(r)
			if err != nil {
				d.t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, res.Body)
			took[i] = append(took[i], time.Since(began))
			if res.Body.Close(); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	medians := make([]time.Duration, len(names))
	for i, all := range took {
		slices.Sort(all)
		medians[i] = all[len(all)/2]
	}
	return medians
}
