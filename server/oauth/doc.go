// Package oauth is Postern's OAuth 2.1 authorization server, and the check of what it has issued. It lets no client in
// by itself: the owner does, through an Approver.
package oauth
