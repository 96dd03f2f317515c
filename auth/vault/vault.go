// Package vault keeps secrets where the operating system keeps them: in its keychain, or, where there is none and the
// owner said so, in one encrypted file.
package vault

import (
	"context"
	"errors"
)

// ErrNotFound is returned for a key that the vault does not have.
var ErrNotFound = errors.New("not in the vault")

// MaxValue is the most bytes that a value may have: Windows' Credential Manager allows 2,560, and less is portable.
const MaxValue = 2400

// Vault keeps small secrets by key. Every call ends in bounded time, with an error that says what the owner can do.
type Vault interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
	// Delete of a key that is not there is no error.
	Delete(ctx context.Context, key string) error
	// Kind says which it is, in words: "GNOME Keyring (Secret Service)", "encrypted file".
	Kind() string
}
