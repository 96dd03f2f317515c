package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is a refusal as the protocol writes it (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 8707
// section 2).
type Error struct {
	Code        string
	Description string // for people; no byte outside of what RFC 6749 section 5.2 allows
	Status      int    // of the HTTP answer; 0 means 400
	RetryAfter  time.Duration
}

func (e *Error) Error() string { return e.Code + ": " + e.Description }

// The error codes that Postern answers with.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	invalidTarget        = "invalid_target"
	invalidRedirectURI   = "invalid_redirect_uri"
	invalidMetadata      = "invalid_client_metadata"
	unsupportedGrantType = "unsupported_grant_type"
	unsupportedResponse  = "unsupported_response_type"
	accessDenied         = "access_denied"
	serverError          = "server_error"
	unavailable          = "temporarily_unavailable"
)

// refuse makes an Error. What it quotes is brought to the letters that the protocol allows.
func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Description: plain(fmt.Sprintf(format, args...))}
}

// plain keeps the letters of RFC 6749 section 5.2, error_description: printable ASCII without quote and backslash.
func plain(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\'')
		case r >= ' ' && r < 0x7f:
			b = append(b, byte(r))
		default:
			b = append(b, '?')
		}
		if len(b) >= 300 {
			break
		}
	}
	return string(b)
}

// overload is the answer to too many requests.
func overload(after time.Duration, what string) *Error {
	return &Error{Code: unavailable, Description: plain(what), Status: http.StatusTooManyRequests, RetryAfter: after}
}

// write is the only writer of errors as JSON.
func (e *Error) write(w http.ResponseWriter) {
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(max(e.RetryAfter, time.Second)/time.Second)))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="postern"`) // RFC 6749 section 5.2
	}
	writeJSON(w, status, map[string]string{"error": e.Code, "error_description": e.Description})
}

// writeJSON answers with what must not be kept (RFC 6749 section 5.1).
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // that nobody reads it any more is no error
}
