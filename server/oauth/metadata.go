package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Where the endpoints stand below the issuer. Several clients fall back to these very paths when they cannot read the
// metadata.
const (
	authorizePath = "/authorize"
	tokenPath     = "/token"
	registerPath  = "/register"
	revokePath    = "/revoke"
)

// Where the metadata stand below the issuer: of the resource (RFC 9728 section 3) and of the server (RFC 8414 section 3).
const (
	ResourcePath = "/.well-known/oauth-protected-resource"
	ServerPath   = "/.well-known/oauth-authorization-server"
)

// authorizationServer is the metadata of RFC 8414, with the members of RFC 9207 and SEP-991.
type authorizationServer struct {
	Issuer                string   `json:"issuer"`
	Authorize             string   `json:"authorization_endpoint"`
	Token                 string   `json:"token_endpoint"`
	Register              string   `json:"registration_endpoint"`
	Revoke                string   `json:"revocation_endpoint"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssParameter          bool     `json:"authorization_response_iss_parameter_supported"`
	Documents             bool     `json:"client_id_metadata_document_supported"`
	Documentation         string   `json:"service_documentation,omitempty"`
}

// protectedResource is the metadata of RFC 9728.
type protectedResource struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
	Methods  []string `json:"bearer_methods_supported"`
	Name     string   `json:"resource_name"`
}

func (s *Server) serveServerMetadata(w http.ResponseWriter, _ *http.Request) {
	methods := []string{"none", "client_secret_basic", "client_secret_post"}
	metadata(w, authorizationServer{
		Issuer: s.Issuer, Authorize: s.Issuer + authorizePath, Token: s.Issuer + tokenPath, Register: s.Issuer + registerPath, Revoke: s.Issuer + revokePath,
		// offline_access stands here alone: it is nothing that the resource knows.
		Scopes:        append(slices.Clone(s.Catalogue.Scopes()), offline),
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{"authorization_code", "refresh_token"},
		AuthMethods: methods, RevocationAuthMethods: methods, ChallengeMethods: []string{"S256"}, IssParameter: true, Documents: s.Documents != nil,
	})
}

func (s *Server) serveResourceMetadata(w http.ResponseWriter, _ *http.Request) {
	metadata(w, protectedResource{Resource: s.Resource(), Servers: []string{s.Issuer}, Scopes: s.Catalogue.Basic(), Methods: []string{"header"}, Name: "Postern"})
}

// metadata answers with what anybody may read, from any web page.
func metadata(w http.ResponseWriter, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "max-age=300")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(v) // that nobody reads it any more is no error
}

// ResourceMetadata returns the address that a challenge points to (RFC 9728 section 5.1).
func (s *Server) ResourceMetadata() string { return s.Issuer + ResourcePath + Path }
