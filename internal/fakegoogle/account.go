package fakegoogle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Account is a Google account: somebody who can sign in.
type Account struct {
	// Email is its address; lower-cased.
	Email string
	// Subject is its id, 21 digits at Google; "" derives one from Email.
	Subject string
	// Name, GivenName and FamilyName are shown by userinfo; an empty Name becomes the part of Email before the @.
	Name, GivenName, FamilyName string
	// Domain is its Workspace domain (hd); "" for a consumer account.
	Domain string
	// Picture is the URL of its picture; "" for none.
	Picture string
}

// AddAccount makes a known to Google; one with the same email is replaced.
func (g *Google) AddAccount(a Account) {
	a.Email = strings.ToLower(a.Email)
	if a.Subject == "" {
		sum := sha256.Sum256([]byte(a.Email))
		a.Subject = fmt.Sprintf("1%020d", binary.BigEndian.Uint64(sum[:])%1e19)
	}
	if a.Name == "" {
		a.Name, _, _ = strings.Cut(a.Email, "@")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.accounts {
		if g.accounts[i].Email == a.Email {
			g.accounts[i] = a
			return
		}
	}
	g.accounts = append(g.accounts, a)
}

// account returns the account with that email.
func (g *Google) account(email string) (Account, bool) {
	email = strings.ToLower(email)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.accounts {
		if a.Email == email {
			return a, true
		}
	}
	return Account{}, false
}
