package fakegoogle

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// assertion issues a token to a service account, RFC 7523 section 2.1. With a subject it acts as that account.
func (g *Google) assertion(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.PostForm.Get("assertion"), ".")
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
		Scope   string `json:"scope"`
		Expires int64  `json:"exp"`
		Issued  int64  `json:"iat"`
	}
	if len(parts) != 3 || !decodeSegment(parts[1], &claims) {
		oauthError(w, 400, "invalid_grant", "Invalid JWT: malformed.")
		return
	}
	g.mu.Lock()
	key, now := g.serviceAccounts[claims.Issuer], g.Now()
	g.mu.Unlock()
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch {
	case key == nil:
		oauthError(w, 400, "invalid_grant", "Invalid grant: account not found")
		return
	case err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil:
		oauthError(w, 400, "invalid_grant", "Invalid JWT Signature.")
		return
	case now.Unix() > claims.Expires || claims.Issued > now.Add(10*time.Minute).Unix():
		oauthError(w, 400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
		return
	case claims.Scope == "":
		oauthError(w, 400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
		return
	}
	account := claims.Issuer
	if claims.Subject != "" {
		account = strings.ToLower(claims.Subject)
	}
	scopes := strings.Fields(claims.Scope)
	WriteJSON(w, 200, tokens{AccessToken: g.issueAccess(claims.Issuer, account, scopes, accessLife), ExpiresIn: int(accessLife / time.Second), Scope: claims.Scope, TokenType: "Bearer"})
}

func decodeSegment(s string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(b, v) == nil
}
