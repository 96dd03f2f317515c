//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"postern/server/oauth/opaque"
)

// TestCanary looks whether what every test relies on would find a secret: each kind, in each form, in the middle of a log.
func TestCanary(t *testing.T) {
	const verifier, line = "a-code-verifier-of-43-letters-0123456789abcd", "and they say the dumplings are worth the queue."
	var known secrets
	known.add("a verifier", verifier)
	known.add("a passphrase", passphrase)
	known.addText("mail text", "Hi,\n\n"+line+"\n\nMia")
	kept := map[string]string{
		"verifier": verifier, "passphrase": passphrase, "mail text": line,
		"Google's access token": "ya29." + strings.Repeat("Ab3-", 8), "Google's refresh token": "1//" + strings.Repeat("Cd4_", 10), "Google's code": "4/0A" + strings.Repeat("Ef5-", 8),
	}
	for _, k := range []opaque.Kind{opaque.Access, opaque.Refresh, opaque.Code, opaque.Secret, opaque.Browser, opaque.Form} {
		kept[string(k)] = opaque.New(k)
	}
	written := map[string]func(string) string{
		"plain":                 func(s string) string { return s },
		"cut":                   func(s string) string { return s[:max(len(s)*2/3, 12)] },
		"percent-encoded":       url.PathEscape,
		"in a form":             url.QueryEscape,
		"all of it so":          func(s string) string { return each(s, "%%%02x") },
		"base64":                func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64url":             func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"base64 after one byte": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(":" + s)) },
		"base64 after a word":   func(s string) string { return "Basic" + base64.RawStdEncoding.EncodeToString([]byte("id:"+s)) },
		"hex":                   func(s string) string { return hex.EncodeToString([]byte(s)) },
		"JSON":                  func(s string) string { return quoted(s) },
		"JSON in JSON":          func(s string) string { return quoted(quoted(s)) },
		"JSON, escaped":         func(s string) string { return `"` + each(s, `\u%04x`) + `"` },
		"Go":                    func(s string) string { return fmt.Sprintf("%q", each(s, `\x%02x`)) },
		"JSON in base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(each(s, `\u%04x`))) },
	}
	for what, secret := range kept {
		for form, write := range written {
			if form == "cut" && what == "passphrase" {
				continue // half of it is a few words
			}
			log := `time=2026-11-02T10:00:00Z level=DEBUG msg=google path="/x?token=` + write(secret) + `&y=1" status=200`
			if len(known.find(log)) == 0 {
				t.Errorf("%s is not found, written as %s:\n%s", what, form, log)
			}
		}
	}
	for _, log := range []string{
		`level=DEBUG msg=google method=POST host=oauth2.googleapis.com path=/token status=200 ms=12`,
		`postern: the token mcpat_[redacted] is over`, `https://example.com/authorize?client_id=abc&code_challenge=` + strings.Repeat("Zz9-", 11),
	} {
		if found := known.find(log); len(found) > 0 {
			t.Errorf("found %v in %s", found, log)
		}
	}
}

func each(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}
