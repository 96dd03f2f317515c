// Package exchange is the folder through which files come in and go out: a client is given a handle for a file it may
// use, and never the bytes of it through the model.
package exchange

import (
	"crypto/sha256"
	"time"
)

// File is a file in the exchange folder.
type File struct {
	Handle    string            `json:"handle"` // postern://file/ and an id that cannot be guessed
	Name      string            `json:"name"`   // base name, safe on every system
	Path      string            `json:"path"`   // absolute; shown to local clients alone
	MIME      string            `json:"mime"`
	Size      int64             `json:"size"` // bytes
	SHA256    [sha256.Size]byte `json:"-"`
	Client    string            `json:"-"` // key of the client that it belongs to; "" for one that the owner put there
	CreatedAt time.Time         `json:"created_at"`
}
