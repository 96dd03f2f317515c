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
	"time"

	"filippo.io/age"
	"github.com/gofrs/flock"
)

// FileName is the name of an encrypted vault in the state directory.
const FileName = "vault.age"

// The ways in which the file cannot be used.
var (
	ErrPassphrase = errors.New("the passphrase does not open the vault")
	ErrDamaged    = errors.New("the vault is damaged")                    // it cannot be read
	ErrTampered   = errors.New("the vault was changed by something else") // it can be read, but is not what was written
	ErrBusy       = errors.New("the vault is in use by another Postern")
)

// lockLimit is how long a call waits for other processes; retry is how often it looks.
const (
	lockLimit = 10 * time.Second
	lockRetry = 20 * time.Millisecond
)

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
	// The passphrase comes before the lock: an owner who is asked for it must not hold up every other process.
	for {
		if _, err := f.read(); err != nil {
			return err
		}
		if f.identity == nil {
			if err := f.create(); err != nil {
				return err
			}
		}
		again, err := f.replace(ctx, change)
		if !again {
			return err
		}
	}
}

// replace changes the file under the lock. again says that another process has given it another key meanwhile.
func (f *File) replace(ctx context.Context, change func(map[string][]byte)) (again bool, err error) {
	lock := flock.New(f.Path+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	if ok, err := lock.TryLockContext(waiting, lockRetry); !ok {
		if ctx.Err() == nil && waiting.Err() != nil {
			return false, fmt.Errorf("%w: it held %s for %v", ErrBusy, lock.Path(), lockLimit)
		}
		return false, fmt.Errorf("locking the vault: %w", err)
	}
	defer lock.Unlock()
	s, err := f.load()
	if err != nil {
		return false, err
	}
	if s != nil && !bytes.Equal(s.Identity, f.wrapped) {
		return true, nil
	}
	secrets, err := f.open(s)
	if err != nil {
		return false, err
	}
	change(secrets)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return false, f.write(secrets)
}

// load returns the file as it lies there, nil if there is none.
func (f *File) load() (*sealed, error) {
	b, err := os.ReadFile(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the vault: %w", err)
	}
	var s sealed
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%w: %s is no vault, or only a part of one", ErrDamaged, f.Path)
	}
	if s.Version != 1 {
		return nil, fmt.Errorf("the vault %s has version %d, and this Postern knows 1: use a newer one", f.Path, s.Version)
	}
	return &s, nil
}

// read opens the file and returns its secrets; none if there is no file.
func (f *File) read() (map[string][]byte, error) {
	s, err := f.load()
	if err != nil {
		return nil, err
	}
	if s != nil && (f.identity == nil || !bytes.Equal(f.wrapped, s.Identity)) {
		if err := f.unlock(s.Identity); err != nil {
			return nil, err
		}
	}
	return f.open(s)
}

// open decrypts the secrets with the file's own key, which is known.
func (f *File) open(s *sealed) (map[string][]byte, error) {
	if s == nil {
		return map[string][]byte{}, nil
	}
	plain, err := decrypt(s.Secrets, f.identity)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrTampered, f.Path, err)
	}
	secrets := map[string][]byte{}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, f.Path)
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
		return fmt.Errorf("%w: %s: %w", ErrDamaged, f.Path, err)
	}
	identity, err := age.ParseX25519Identity(string(plain))
	if err != nil {
		return fmt.Errorf("%w: %s", ErrDamaged, f.Path)
	}
	f.identity, f.wrapped = identity, wrapped
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
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("making the vault: %w", err)
	}
	wrapped, err := encrypt([]byte(identity.String()), to)
	if err != nil {
		return err
	}
	f.identity, f.wrapped = identity, wrapped
	return nil
}

// write replaces the file at one stroke.
func (f *File) write(secrets map[string][]byte) error {
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
