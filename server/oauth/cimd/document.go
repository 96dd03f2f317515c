// Package cimd reads Client ID Metadata Documents: a client is named by the https address of a document that its maker
// publishes (draft-ietf-oauth-client-id-metadata-document, MCP SEP-991). The address comes from anybody, so nothing is
// fetched from it that is not on the public internet, and little is believed.
package cimd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"postern/server/oauth/redirect"
)

// Document is what is read of a document.
type Document struct {
	ClientID     string
	ClientName   string
	RedirectURIs []string
}

const (
	maxID           = 512
	maxDocument     = 5 << 10 // as the draft recommends
	maxRedirectURIs = 10
)

// IsURL reports whether a client_id is meant as the address of a document.
func IsURL(id string) bool { return strings.HasPrefix(id, "https://") }

// CheckID says why id cannot be the address of a document (section 3 of the draft), or nil. It fetches nothing.
func CheckID(id string) error {
	if len(id) > maxID {
		return fmt.Errorf("the client's address has more than %d bytes", maxID)
	}
	if !IsURL(id) || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return fmt.Errorf("the client's address %q is no https address", clip(id))
	}
	u, err := url.Parse(id)
	if err != nil {
		return fmt.Errorf("the client's address %q is no https address", clip(id))
	}
	switch {
	case u.User != nil || strings.Contains(u.Host, "@"):
		return fmt.Errorf("the client's address %q holds a user name", clip(id))
	case strings.Contains(id, "#"):
		return fmt.Errorf("the client's address %q has a fragment", clip(id))
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && u.Port() != "443":
		return fmt.Errorf("the client's address %q has another port than 443", clip(id))
	case strings.Trim(u.Path, "/") == "":
		return fmt.Errorf("the client's address %q has no path", clip(id))
	}
	for segment := range strings.SplitSeq(u.Path, "/") { // decoded, so an encoded dot counts too
		if segment == "." || segment == ".." {
			return fmt.Errorf("the client's address %q has a path with dots", clip(id))
		}
	}
	return checkHost(u.Hostname())
}

// checkHost wants a full name, as it stands in DNS.
func checkHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return fmt.Errorf("the client's address names the host %q, which is no full name of one", clip(host))
	}
	// The rules for the name itself are those for where access is sent to.
	if err := redirect.Check("https://" + host + "/"); err != nil {
		return fmt.Errorf("the client's address names the host %q, which is no name of one", clip(host))
	}
	return nil
}

// members are what a document says that matters here.
type members struct {
	ClientID      *string  `json:"client_id"`
	ClientName    string   `json:"client_name"`
	RedirectURIs  []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
}

// Parse reads the document that was found at id (section 4 of the draft).
func Parse(id string, body []byte) (Document, error) {
	names, err := topLevel(body)
	if err != nil {
		return Document{}, fmt.Errorf("the client's document: %w", err)
	}
	var m members
	if err := json.Unmarshal(body, &m); err != nil {
		return Document{}, errors.New("the client's document has a member of the wrong type")
	}
	switch {
	case m.ClientID == nil || *m.ClientID != id:
		return Document{}, errors.New("the client's document names another client_id than its address")
	case strings.TrimSpace(m.ClientName) == "":
		return Document{}, errors.New("the client's document has no client_name")
	case len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > maxRedirectURIs:
		return Document{}, fmt.Errorf("the client's document must have 1 to %d redirect_uris", maxRedirectURIs)
	case slices.Contains(names, "client_secret") || slices.Contains(names, "client_secret_expires_at"):
		return Document{}, errors.New("the client's document holds a secret, which everybody can read")
	case m.AuthMethod != "" && m.AuthMethod != "none" && !slices.Contains(m.AuthMethods, "none"):
		return Document{}, fmt.Errorf("the client's document wants the auth method %q, and there is none alone", clip(m.AuthMethod))
	case strings.HasPrefix(m.AuthMethod, "client_secret_"):
		return Document{}, errors.New("the client's document wants to prove itself by a secret, which everybody could read")
	case m.GrantTypes != nil && !slices.Contains(m.GrantTypes, "authorization_code"):
		return Document{}, errors.New("the client's document leaves out the grant type authorization_code")
	case m.ResponseTypes != nil && !slices.Contains(m.ResponseTypes, "code"):
		return Document{}, errors.New("the client's document leaves out the response type code")
	}
	for _, uri := range m.RedirectURIs {
		if err := redirect.Check(uri); err != nil {
			return Document{}, fmt.Errorf("the client's document: %w", err)
		}
	}
	return Document{ClientID: id, ClientName: m.ClientName, RedirectURIs: m.RedirectURIs}, nil
}

// topLevel returns the names of the members, none of which may stand twice.
func topLevel(body []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	var names []string
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("it is not valid JSON")
		}
		// encoding/json takes a name in another case for the same.
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return nil, fmt.Errorf("the member %q stands twice", clip(name))
		}
		names = append(names, name)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errors.New("it is not valid JSON")
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("it is not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	return names, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
