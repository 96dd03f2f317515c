package guard

import (
	"net/http"
	"strings"
)

// bearer returns the token of a request (RFC 6750 section 2.1): from one Authorization header, nowhere else. ok is
// false if there is none that could be one.
func bearer(r *http.Request) (token string, given, ok bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return "", false, false
	}
	if len(headers) > 1 {
		return "", true, false
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' || r == '"' }) {
		return "", true, false
	}
	return token, true, true
}

// Challenge is a WWW-Authenticate header (RFC 6750 section 3, RFC 9728 section 5.1).
type Challenge struct {
	Error       string // "" if there was no token
	Description string
	Scope       string // what is needed, separated by spaces
	Metadata    string // address of the resource's metadata
}

// String writes it. No value can end its quotes: what is not allowed in one is left out (RFC 6750 section 3).
func (c Challenge) String() string {
	var b strings.Builder
	b.WriteString("Bearer")
	separator := " "
	for _, p := range []struct{ name, value string }{
		{"error", c.Error}, {"error_description", c.Description}, {"scope", c.Scope}, {"resource_metadata", c.Metadata},
	} {
		value := strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' || r == '"' || r == '\\' {
				return -1
			}
			return r
		}, p.value)
		if value == "" {
			continue
		}
		b.WriteString(separator + p.name + `="` + value + `"`)
		separator = ", "
	}
	return b.String()
}
