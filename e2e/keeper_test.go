//go:build e2e

package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
)

// verifiers is how clients write down the verifier of a request that is under way.
var verifiers = regexp.MustCompile(`"(?:code_?[vV]erifier|verifier)": ?"([^"]+)"`)

// clientDir has the secrets made known that a client keeps in files.
func (r *record) clientDir(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clients == nil {
		r.clients = map[string]int{}
	}
	r.clients[dir] = 0
}

// readClients reads what clients keep now. It is called while they are let in and while they use what they got, since
// they forget a verifier that they have used, and tokens that are refused.
func (r *record) readClients() {
	for dir := range r.clients {
		for path, b := range filesBelow(r.t, dir) {
			if strings.Contains(filepath.Base(path), "code_verifier") {
				r.secret("a client's verifier", strings.TrimSpace(string(b)))
			}
			for _, m := range verifiers.FindAllSubmatch(b, -1) {
				r.secret("a client's verifier", string(m[1]))
			}
			for _, token := range shapes[0].shape.FindAll(b, -1) {
				r.clients[dir]++
				r.secret("a client's token", string(token))
			}
		}
	}
}

// checkClients fails if a client's secrets were not found.
func (r *record) checkClients() {
	for dir, n := range r.clients {
		if n == 0 {
			r.t.Errorf("in %s a client keeps no token: where does it?", dir)
		}
	}
}
