// Package opaque makes the random strings that Postern gives to clients, such as access tokens, and the hashes that it
// keeps of them. A string says what it is by its prefix and carries a checksum, so that secret scanners, the log's
// redactor and a reader of either can tell one from other text. Nothing can be read from it.
package opaque

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"regexp"
	"strings"
	"sync"
)

// Kind is what an opaque string is good for. It is its prefix.
type Kind string

// The kinds.
const (
	Access  Kind = "mcpat_" // access token, RFC 6749 section 1.4
	Refresh Kind = "mcprt_" // refresh token, RFC 6749 section 1.5
	Code    Kind = "mcpac_" // authorization code, RFC 6749 section 1.3.1
	Secret  Kind = "mcpcs_" // client secret of a client that the owner registered
	Browser Kind = "mcpbr_" // cookie that ties a waiting page to its browser
	Form    Kind = "mcpcf_" // proof that a form was sent from its own page
)

const (
	randomBytes = 32
	sumBytes    = 4
	// bodyLength is the length of a string without its prefix: base64url, unpadded, of the random bytes and the sum.
	bodyLength = 48
)

// New returns a new string of the kind with 256 random bits.
func New(k Kind) string {
	b := make([]byte, randomBytes, randomBytes+sumBytes)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return string(k) + base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, checksum(k, b)))
}

// Is reports whether s is written as a string of the kind is. It does not say whether s was ever given out.
func Is(k Kind, s string) bool {
	body, ok := strings.CutPrefix(s, string(k))
	if !ok || len(body) != bodyLength {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return err == nil && len(b) == randomBytes+sumBytes && binary.BigEndian.Uint32(b[randomBytes:]) == checksum(k, b[:randomBytes])
}

// checksum covers the kind too: a refresh token with another prefix is no access token.
func checksum(k Kind, random []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(k)), crc32.IEEETable, random)
}

// Pepper is the key of the hashes. It is kept in the vault: a copy of the store alone is of no use to a thief. A new
// pepper voids everything that was given out.
type Pepper [32]byte

// NewPepper returns a random pepper.
func NewPepper() Pepper {
	var p Pepper
	_, _ = rand.Read(p[:]) // never fails, see crypto/rand
	return p
}

// ErrPepper is returned by ParsePepper for what is none.
var ErrPepper = errors.New("the pepper in the vault is damaged")

// ParsePepper reads the bytes of a pepper.
func ParsePepper(b []byte) (p Pepper, err error) {
	if len(b) != len(p) {
		return p, ErrPepper
	}
	return Pepper(b), nil
}

// Hash returns what the store keeps of s.
func (p Pepper) Hash(s string) []byte {
	h := hmac.New(sha256.New, p[:])
	h.Write([]byte(s))
	return h.Sum(nil)
}

var anywhere = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`mcp(at|rt|ac|cs|br|cf)_[A-Za-z0-9_-]{16,}`) })

// Redact replaces every string of these kinds in text, also one that is cut short.
func Redact(text string) string {
	return anywhere().ReplaceAllString(text, "mcp${1}_[redacted]")
}
