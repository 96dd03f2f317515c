package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"postern/auth/vault"
)

// credential is what the vault keeps of a profile. Access tokens never go there.
type credential struct {
	Version      int    `json:"v"`
	Refresh      string `json:"refresh_token,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	Email        string `json:"client_email,omitempty"` // of a service account, with its key
	PrivateKey   string `json:"private_key,omitempty"`
	PrivateKeyID string `json:"private_key_id,omitempty"`
}

// splitMark begins an item that says in how many others the value lies, and under which name: some keychains allow 2,560
// bytes, and the key of a service account may have more. The name is another with each writing, so that the old value
// stands until the new one is whole.
const splitMark = "split:"

// errDamaged is an item that cannot be read.
var errDamaged = errors.New("the profile's item in the vault is damaged: sign it in again")

func credentialKey(id string) string { return "profile:" + id }

// split is what such an item says.
type split struct {
	parts int
	name  string
}

func (s split) key(id string, i int) string {
	return credentialKey(id) + ":" + s.name + ":" + strconv.Itoa(i)
}

// drop deletes the parts.
func (s split) drop(ctx context.Context, v vault.Vault, id string) (err error) {
	for i := range s.parts {
		err = errors.Join(err, v.Delete(ctx, s.key(id, i)))
	}
	return err
}

// parseSplit reads an item; no parts means that it is the value itself.
func parseSplit(item []byte) (split, error) {
	rest, ok := strings.CutPrefix(string(item), splitMark)
	if !ok {
		return split{}, nil
	}
	count, name, _ := strings.Cut(rest, ":")
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 20 || name == "" {
		return split{}, errDamaged
	}
	return split{n, name}, nil
}

// saveCredential keeps c in place of what was there.
func saveCredential(ctx context.Context, v vault.Vault, id string, c credential) error {
	c.Version = 1
	item, err := json.Marshal(c)
	if err != nil {
		return err
	}
	old, err := v.Get(ctx, credentialKey(id))
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	var fresh split
	if len(item) > vault.MaxValue {
		fresh.name = newID()
		for part := range slices.Chunk(item, vault.MaxValue) {
			fresh.parts++
			if err := v.Set(ctx, fresh.key(id, fresh.parts-1), part); err != nil {
				return errors.Join(err, fresh.drop(context.WithoutCancel(ctx), v, id))
			}
		}
		item = []byte(splitMark + strconv.Itoa(fresh.parts) + ":" + fresh.name)
	}
	if err := v.Set(ctx, credentialKey(id), item); err != nil {
		return errors.Join(err, fresh.drop(context.WithoutCancel(ctx), v, id))
	}
	if was, err := parseSplit(old); err == nil {
		return was.drop(ctx, v, id)
	}
	return nil
}

// loadCredential returns what is kept, vault.ErrNotFound if nothing is.
func loadCredential(ctx context.Context, v vault.Vault, id string) (credential, error) {
	item, err := v.Get(ctx, credentialKey(id))
	if err != nil {
		return credential{}, err
	}
	s, err := parseSplit(item)
	if err != nil {
		return credential{}, err
	}
	if s.parts > 0 {
		item = nil
		for i := range s.parts {
			part, err := v.Get(ctx, s.key(id, i))
			if errors.Is(err, vault.ErrNotFound) {
				return credential{}, errDamaged
			}
			if err != nil {
				return credential{}, err
			}
			item = append(item, part...)
		}
	}
	var c credential
	if err := json.Unmarshal(item, &c); err != nil {
		return credential{}, errDamaged
	}
	return c, nil
}

// deleteCredential forgets what is kept; nothing is no error.
func deleteCredential(ctx context.Context, v vault.Vault, id string) error {
	item, err := v.Get(ctx, credentialKey(id))
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s, err := parseSplit(item); err == nil {
		if err := s.drop(ctx, v, id); err != nil {
			return err
		}
	}
	return v.Delete(ctx, credentialKey(id))
}
