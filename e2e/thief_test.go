//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/server/oauth/opaque"
)

// word is what a token could look like in a file, whatever is around it.
var word = regexp.MustCompile(`[A-Za-z0-9_.~+/=-]{16,}`)

// loot returns all of a copied state directory that could be a token: every value of the database, raw, in hex and in
// base64; what a hash would be if it were the random part of a token; and every long word of any file, the
// write-ahead log among them.
func loot(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, v := range values(t, filepath.Join(dir, database)) {
		b := []byte(v.value)
		for _, s := range []string{v.value, hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b)} {
			if v.blob || len(s) >= 16 {
				found[s] = true
			}
		}
		var list []string
		if json.Unmarshal(b, &list) == nil {
			for _, s := range list {
				found[s] = true
			}
		}
		if len(b) == 32 && v.blob {
			for _, kind := range []opaque.Kind{opaque.Access, opaque.Refresh, opaque.Code} {
				found[forge(t, kind, b)] = true
			}
		}
	}
	hashes := len(found)
	for _, b := range filesBelow(t, dir) {
		for _, s := range word.FindAll(b, -1) {
			found[string(s)] = true
		}
	}
	delete(found, "")
	if hashes < 20 || len(found) == hashes {
		t.Fatalf("%d values and %d words: the copy was not read", hashes, len(found)-hashes)
	}
	return found
}

// forge makes a well-formed token of 32 bytes.
func forge(t *testing.T, kind opaque.Kind, random []byte) string {
	t.Helper()
	sum := crc32.NewIEEE()
	_, _ = sum.Write(append([]byte(kind), random...)) // never fails, see hash.Hash
	s := string(kind) + base64.RawURLEncoding.EncodeToString(sum.Sum(random[:len(random):len(random)]))
	if !opaque.Is(kind, s) {
		t.Fatalf("%s is no token of Postern's", s)
	}
	return s
}

// thief tries tokens at a bridge, from ever other addresses of this computer, so that no limit on bad ones stops it.
type thief struct {
	b       *bridge
	sources int
	client  *http.Client
	tries   int // from the present source
}

// from returns a client whose address has tried less than most times.
func (th *thief) from(most int) *http.Client {
	if th.client == nil || th.tries >= most {
		if th.client != nil {
			th.client.CloseIdleConnections()
		}
		th.sources++
		th.tries = 0
		from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(th.sources>>8), byte(th.sources))}
		th.client = &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext}}
	}
	th.tries++
	return th.client
}

// bearer tries a token at /mcp, and returns the status.
func (th *thief) bearer(token string) int {
	th.b.t.Helper()
	req, err := http.NewRequestWithContext(th.b.t.Context(), http.MethodPost, th.b.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	if err != nil {
		th.b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := th.from(50).Do(req)
	if err != nil {
		th.b.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// exchange tries a token, or a code, at the token endpoint, and returns the status and the error.
func (th *thief) exchange(clientID, token string) string {
	th.b.t.Helper()
	resp, err := th.from(4).PostForm(th.b.issuer()+"/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {token}})
	if err != nil {
		th.b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var e struct{ Error string }
	_ = json.NewDecoder(resp.Body).Decode(&e) // what is missing is seen in the result
	return fmt.Sprint(resp.StatusCode, " ", e.Error)
}

// sendable reports whether a string can stand in an Authorization header.
func sendable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}
