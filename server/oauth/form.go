package oauth

import (
	"crypto/subtle"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// maxForm is the most bytes of a form, and of a query.
const maxForm = 16 << 10

// form reads the parameters of a POST: form-encoded, in the body alone, each once (RFC 6749 section 3.2).
func form(r *http.Request) (url.Values, *Error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, refuse(invalidRequest, "the body must be application/x-www-form-urlencoded")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, &Error{Code: invalidRequest, Description: "the body must not be compressed", Status: http.StatusUnsupportedMediaType}
	}
	if r.URL.RawQuery != "" {
		return nil, refuse(invalidRequest, "parameters go into the body, not into the address")
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return nil, refuse(invalidRequest, "the body could not be read")
	}
	if len(b) > maxForm {
		return nil, &Error{Code: invalidRequest, Description: "the body is too long", Status: http.StatusRequestEntityTooLarge}
	}
	return parameters(string(b))
}

// parameters parses a query or form in which each name stands once (RFC 6749 section 3.1), in UTF-8. resource may
// stand more than once (RFC 8707 section 2); Postern has one, so several are refused where it is looked at.
func parameters(raw string) (url.Values, *Error) {
	if len(raw) > maxForm {
		return nil, refuse(invalidRequest, "the request is too long")
	}
	v, err := url.ParseQuery(raw)
	if err != nil {
		return nil, refuse(invalidRequest, "the parameters are not form-encoded")
	}
	for name, values := range v {
		if len(values) > 1 && name != "resource" {
			return nil, refuse(invalidRequest, "the parameter %s stands more than once", clip(name, 40))
		}
		for _, one := range values {
			if !utf8.ValidString(one) {
				return nil, refuse(invalidRequest, "the parameter %s is not UTF-8", clip(name, 40))
			}
		}
	}
	return v, nil
}

// clip shortens what is quoted.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// same compares without telling by its time where two strings differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
