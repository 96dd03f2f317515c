// Package exchange is the folder through which files come in and go out: a client is given a handle for a file it may
// use, and never the bytes of it through the model. Nothing outside the folder can be reached.
package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

// MaxFile is the most bytes that a file in the folder may have.
const MaxFile = 100 << 20

// HandlePrefix begins every handle.
const HandlePrefix = "postern://file/"

// ErrNotFound is returned for a handle that does not exist, or that belongs to another client.
var ErrNotFound = errors.New("no such file")

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

// Index remembers which handle is which file.
type Index interface {
	AddFile(ctx context.Context, f File) error
	// File returns ErrNotFound for an unknown handle.
	File(ctx context.Context, handle string) (File, error)
}
