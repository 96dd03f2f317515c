package gmail

import (
	"encoding/base64"
	"math/big"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"postern/internal/tool"
)

var (
	hexID   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{10,16}$`) })
	draftID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(r-?[0-9]{1,24}|s:[0-9A-Za-z_-]{1,60})$`) })
)

// parseID reads the id of a message or thread: as the tools give it, or in the address of a Gmail page. argument is
// named in the error.
func parseID(argument, value string) (string, error) {
	v := strings.TrimSpace(value)
	if strings.Contains(v, "mail.google.com") || strings.Contains(v, "#") {
		v = fromURL(v)
	}
	v = strings.TrimPrefix(strings.TrimPrefix(v, "msg-f:"), "thread-f:")
	if id := strings.ToLower(v); hexID().MatchString(id) && !decimal(v) {
		return id, nil
	}
	if n, err := strconv.ParseUint(v, 10, 64); err == nil && n > 1<<40 { // as Gmail's own pages write it
		return strconv.FormatUint(n, 16), nil
	}
	if id, ok := decodeWebID(v); ok {
		return id, nil
	}
	return "", tool.Errorf("invalid_argument", "argument %q is %q, which is no Gmail id: take one from gmail_search, or paste the address of the mail", argument, clip(tool.CleanLine(value)))
}

// decimal reports a number of 17 digits and more, which is no hexadecimal id.
func decimal(v string) bool {
	_, err := strconv.ParseUint(v, 10, 64)
	return err == nil && len(v) > 16
}

// fromURL returns the last element of a Gmail address: https://mail.google.com/mail/u/0/#inbox/FMfcgz…?compose=….
func fromURL(v string) string {
	if u, err := url.Parse(v); err == nil {
		if th := u.Query().Get("th"); th != "" {
			return th
		}
		if p := u.Query().Get("permmsgid"); p != "" {
			return p
		}
		if u.Fragment != "" {
			v = u.Fragment
		}
	}
	v, _, _ = strings.Cut(v, "?")
	return v[strings.LastIndex(v, "/")+1:]
}

// The ids in the addresses of Gmail's pages are base64 of "f:" and a decimal id, written anew with an alphabet without
// vowels. Known from how the pages behave; Google does not document it.
const (
	webAlphabet  = "BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz"
	fullAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// decodeWebID returns the hexadecimal id of one that stands in an address.
func decodeWebID(v string) (string, bool) {
	if len(v) < 10 || len(v) > 60 || strings.Trim(v, webAlphabet) != "" {
		return "", false
	}
	n := new(big.Int)
	for i := range len(v) {
		n.Mul(n, big.NewInt(int64(len(webAlphabet))))
		n.Add(n, big.NewInt(int64(strings.IndexByte(webAlphabet, v[i]))))
	}
	var digits []byte
	base, digit := big.NewInt(int64(len(fullAlphabet))), new(big.Int)
	for n.Sign() > 0 {
		n.DivMod(n, base, digit)
		digits = append([]byte{fullAlphabet[digit.Int64()]}, digits...)
	}
	b, err := base64.RawStdEncoding.DecodeString(string(digits))
	if err != nil {
		return "", false
	}
	_, number, ok := strings.Cut(string(b), "f:")
	id, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil {
		return "", false
	}
	return strconv.FormatUint(id, 16), true
}

// parseDraftID reads the id of a draft.
func parseDraftID(value string) (string, error) {
	v := strings.TrimSpace(value)
	if !draftID().MatchString(v) {
		return "", tool.Errorf("invalid_argument", "argument \"draft_id\" is %q, which is no id of a draft: gmail_search in:drafts shows them", clip(tool.CleanLine(value)))
	}
	return v, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
