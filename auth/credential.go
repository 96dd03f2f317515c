package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// splitMark begins an item that says in how many others the value lies: some keychains allow 2,560 bytes, and the key
// of a service account may have more.
const splitMark = "split:"

func credentialKey(id string) string { return "profile:" + id }

func partKey(id string, i int) string { return credentialKey(id) + ":" + strconv.Itoa(i) }

func saveCredential(ctx context.Context, v vault.Vault, id string, c credential) error {
	c.Version = 1
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if len(b) <= vault.MaxValue {
		return v.Set(ctx, credentialKey(id), b)
	}
	n := 0
	for rest := b; len(rest) > 0; n++ {
		size := min(len(rest), vault.MaxValue)
		if err := v.Set(ctx, partKey(id, n), rest[:size]); err != nil {
			return err
		}
		rest = rest[size:]
	}
	return v.Set(ctx, credentialKey(id), []byte(splitMark+strconv.Itoa(n)))
}

func loadCredential(ctx context.Context, v vault.Vault, id string) (credential, error) {
	b, err := v.Get(ctx, credentialKey(id))
	if err != nil {
		return credential{}, err
	}
	n, split, err := parts(b)
	if err != nil {
		return credential{}, err
	}
	if split {
		b = nil
		for i := range n {
			part, err := v.Get(ctx, partKey(id, i))
			if err != nil {
				return credential{}, err
			}
			b = append(b, part...)
		}
	}
	var c credential
	if err := json.Unmarshal(b, &c); err != nil {
		return credential{}, errors.New("the profile's item in the vault is damaged: remove the profile and add it again")
	}
	return c, nil
}

func deleteCredential(ctx context.Context, v vault.Vault, id string) error {
	b, err := v.Get(ctx, credentialKey(id))
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if n, split, err := parts(b); err == nil && split {
		for i := range n {
			if err := v.Delete(ctx, partKey(id, i)); err != nil {
				return err
			}
		}
	}
	return v.Delete(ctx, credentialKey(id))
}

func parts(b []byte) (n int, split bool, err error) {
	s, split := strings.CutPrefix(string(b), splitMark)
	if !split {
		return 0, false, nil
	}
	if n, err = strconv.Atoi(s); err != nil || n < 1 || n > 20 {
		return 0, true, fmt.Errorf("the profile's item in the vault is damaged")
	}
	return n, true, nil
}
