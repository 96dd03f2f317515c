package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Config is what Open decides by.
type Config struct {
	Dir     string              // state directory, where an encrypted file lies
	Service string              // name of the items in the keychain
	Getenv  func(string) string // os.Getenv
	// Ask asks the owner for a passphrase; nil where nobody can be asked. For a new vault it asks twice.
	Ask func(create bool) (string, error)
}

// ErrNoKeychain is returned by Open where the operating system has no keychain, or none that answers.
var ErrNoKeychain = errors.New("there is no keychain here")

// Open returns the vault to use: what POSTERN_VAULT says ("keychain" or "file"), else an encrypted file that was made
// here before, else the keychain. It never falls back to a file unasked.
func Open(ctx context.Context, c Config) (Vault, error) {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	file := &File{Path: filepath.Join(c.Dir, FileName), Passphrase: c.passphrase}
	switch choice := c.Getenv("POSTERN_VAULT"); choice {
	case "file":
		return file, nil
	case "keychain":
	case "":
		if _, err := os.Stat(file.Path); err == nil {
			return file, nil
		}
	default:
		return nil, fmt.Errorf("POSTERN_VAULT is %q: it may be \"keychain\" or \"file\"", choice)
	}
	k := &Keychain{Service: c.Service}
	if _, err := k.Get(ctx, "probe"); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: %w\nUnlock or install a keychain (on Linux: gnome-keyring), or choose an encrypted file: set POSTERN_VAULT=file, and give its passphrase when asked or in POSTERN_VAULT_PASSPHRASE", ErrNoKeychain, err)
	}
	return k, nil
}

// CreateFile makes an empty encrypted file, which Open then takes. It is for an owner who wants one where there is no
// keychain: if POSTERN_VAULT wants the keychain, or there is a file, it is refused.
func CreateFile(ctx context.Context, c Config) (Vault, error) {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Getenv("POSTERN_VAULT") == "keychain" {
		return nil, errors.New("POSTERN_VAULT wants the keychain: take it out of the environment first")
	}
	f := &File{Path: filepath.Join(c.Dir, FileName), Passphrase: c.passphrase}
	switch _, err := os.Stat(f.Path); {
	case err == nil:
		return nil, fmt.Errorf("there is one already: %s", f.Path)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	if err := f.Delete(ctx, "nothing"); err != nil { // to change nothing makes the file
		return nil, err
	}
	return f, nil
}

// passphrase takes the passphrase from the environment, a file that it names, or the owner.
func (c Config) passphrase(create bool) (string, error) {
	if p := c.Getenv("POSTERN_VAULT_PASSPHRASE"); p != "" {
		return p, nil
	}
	if path := c.Getenv("POSTERN_VAULT_PASSPHRASE_FILE"); path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading POSTERN_VAULT_PASSPHRASE_FILE: %w", err)
		}
		if p := strings.TrimRight(string(b), "\r\n"); p != "" {
			return p, nil
		}
		return "", errors.New("the file of POSTERN_VAULT_PASSPHRASE_FILE is empty")
	}
	if c.Ask == nil {
		return "", errors.New("the encrypted vault wants its passphrase, and nobody can be asked here: set POSTERN_VAULT_PASSPHRASE or POSTERN_VAULT_PASSPHRASE_FILE")
	}
	return c.Ask(create)
}
