package fakegoogle

import (
	"net/http"
	"slices"
)

// Service is one Google API that the fake serves, such as Gmail. The core routes to it, authenticates, checks the
// scopes, decodes uploads and batches, filters by the fields mask and injects faults; the service holds the data.
type Service struct {
	// Name is the API's name and version as in its discovery document's id: "gmail:v1".
	Name string
	// Hosts are the names it answers under, Google's own first: "gmail.googleapis.com", "www.googleapis.com".
	Hosts []string
	// Methods is everything it serves; any other path below its hosts is 404.
	Methods []Method
}

// Method is one method of a Google API, with the facts of its discovery document.
type Method struct {
	// ID is the method's id: "gmail.users.messages.list".
	ID string
	// Verb is the HTTP method: "GET".
	Verb string
	// Path is the URI template below the host, without a leading slash: "gmail/v1/users/{userId}/messages/{id}". The
	// variables are in r.PathValue, percent-decoded. {+name} also matches slashes.
	Path string
	// Scopes are those of which one is enough. None means that no token is needed.
	Scopes []string
	// Upload says that the method also answers below /upload/ and /resumable/upload/. The core takes media, multipart
	// and resumable uploads apart: the metadata is in r.Body, the media in call.Media.
	Upload bool
	// Serve answers a call: it writes JSON to w, or an error with Fail.
	Serve func(w http.ResponseWriter, r *http.Request, call Call)
}

// Call is what the core knows of a request that it hands to a service.
type Call struct {
	// Account is the lower-case email of the account that the token is for; "" if the method needs no token.
	Account string
	// Scopes are those that the token was granted.
	Scopes []string
	// Media is what was uploaded; nil if nothing was.
	Media *Media
}

// Media is the content of an upload.
type Media struct {
	Type string // media type, such as "message/rfc822"
	Data []byte
}

// Has reports whether the token of the call was granted any of the scopes.
func (c Call) Has(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.Scopes, s) })
}
