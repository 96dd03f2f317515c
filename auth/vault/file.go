package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"filippo.io/age"
	"github.com/gofrs/flock"
)

// FileName is the name of an encrypted vault in the state directory.
const FileName = "vault.age"

// ErrPassphrase is returned when the passphrase does not open the file.
var ErrPassphrase = errors.New("the passphrase does not open the vault")

// File is an encrypted file, for computers without a keychain. A key of its own encrypts the secrets, and the passphrase
// that key, so that the slow step is taken once per process.
type File struct {
	Path string
	// Passphrase is asked once; create says that the file is new.
	Passphrase func(create bool) (string, error)
	// WorkFactor is the cost of the passphrase, as a power of two; 0 means age's own, about a second.
	WorkFactor int

	mu       sync.Mutex // guards the fields below
	identity *age.X25519Identity
	wrapped  []byte // identity as it lies in the file
}

// sealed is the file: an age file each.
type sealed struct {
	Version  int    `json:"v"`
	Identity []byte `json:"identity"` // for the passphrase
	Secrets  []byte `json:"secrets"`  // for the identity
}

// Kind says that it is a file.
func (f *File) Kind() string { return "encrypted file" }

// Get returns the value of a key, ErrNotFound if it has none.
func (f *File) Get(ctx context.Context, key string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	secrets, err := f.read()
	if err != nil {
		return nil, err
	}
	v, ok := secrets[key]
	if !ok {
		return nil, ErrNotFound
	}
	return v, ctx.Err()
}

// Set keeps a value.
func (f *File) Set(ctx context.Context, key string, value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("a secret of %d bytes is too long for a vault, the most is %d", len(value), MaxValue)
	}
	return f.change(ctx, func(secrets map[string][]byte) { secrets[key] = value })
}

// Delete forgets a key.
func (f *File) Delete(ctx context.Context, key string) error {
	return f.change(ctx, func(secrets map[string][]byte) { delete(secrets, key) })
}

// change reads, changes and replaces the file while no other process does.
func (f *File) change(ctx context.Context, change func(map[string][]byte)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the vault: %w", err)
	}
	lock := flock.New(f.Path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("locking the vault: %w", err)
	}
	defer lock.Unlock()
	secrets, err := f.read()
	if err != nil {
		return err
	}
	change(secrets)
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.write(secrets)
}

// read opens the file and returns its secrets; none if there is no file.
func (f *File) read() (map[string][]byte, error) {
	b, err := os.ReadFile(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the vault: %w", err)
	}
	var s sealed
	if err := json.Unmarshal(b, &s); err != nil || s.Version != 1 {
		return nil, fmt.Errorf("the vault %s is damaged, or of a newer version of Postern", f.Path)
	}
	if f.identity == nil || !bytes.Equal(f.wrapped, s.Identity) {
		if err := f.unlock(s.Identity); err != nil {
			return nil, err
		}
	}
	plain, err := decrypt(s.Secrets, f.identity)
	if err != nil {
		return nil, fmt.Errorf("the vault %s is damaged: %w", f.Path, err)
	}
	secrets := map[string][]byte{}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("the vault %s is damaged: %w", f.Path, err)
	}
	return secrets, nil
}

// unlock opens the file's own key with the passphrase.
func (f *File) unlock(wrapped []byte) error {
	pass, err := f.Passphrase(false)
	if err != nil {
		return fmt.Errorf("opening the vault: %w", err)
	}
	id, err := age.NewScryptIdentity(pass)
	if err != nil {
		return fmt.Errorf("opening the vault: %w", err)
	}
	plain, err := decrypt(wrapped, id)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return ErrPassphrase
	}
	if err != nil {
		return fmt.Errorf("the vault %s is damaged: %w", f.Path, err)
	}
	if f.identity, err = age.ParseX25519Identity(string(plain)); err != nil {
		return fmt.Errorf("the vault %s is damaged", f.Path)
	}
	f.wrapped = wrapped
	return nil
}

// create makes the file's own key and wraps it.
func (f *File) create() error {
	pass, err := f.Passphrase(true)
	if err != nil {
		return fmt.Errorf("making the vault: %w", err)
	}
	to, err := age.NewScryptRecipient(pass)
	if err != nil {
		return fmt.Errorf("making the vault: %w", err)
	}
	if f.WorkFactor > 0 {
		to.SetWorkFactor(f.WorkFactor)
	}
	if f.identity, err = age.GenerateX25519Identity(); err != nil {
		return fmt.Errorf("making the vault: %w", err)
	}
	f.wrapped, err = encrypt([]byte(f.identity.String()), to)
	return err
}

// write replaces the file at one stroke.
func (f *File) write(secrets map[string][]byte) error {
	if f.identity == nil {
		if err := f.create(); err != nil {
			return err
		}
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	box, err := encrypt(plain, f.identity.Recipient())
	if err != nil {
		return err
	}
	b, err := json.Marshal(sealed{1, f.wrapped, box})
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.Path), "."+FileName+"-*") // 0600
	if err != nil {
		return fmt.Errorf("writing the vault: %w", err)
	}
	defer os.Remove(tmp.Name()) // of no effect once it was renamed
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("writing the vault: %w", err)
	}
	if err := os.Rename(tmp.Name(), f.Path); err != nil {
		return fmt.Errorf("writing the vault: %w", err)
	}
	return nil
}

func encrypt(plain []byte, to age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return b.Bytes(), nil
}

func decrypt(box []byte, id age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(box), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
