// Package auth is the Google side: the owner's OAuth client, the profiles, the sign-in in the browser and the tokens.
// It gives the tools an authorized HTTP client per profile; it knows nothing of MCP or of who may use what.
package auth
