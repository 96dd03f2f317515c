package gmail

import (
	stdmail "net/mail"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"postern/internal/approval"
)

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndex(address, "@")+1:])
}

// publicDomains are those of providers where colleagues do not share a domain.
var publicDomains = []string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "aol.com"}

func publicDomain(d string) bool { return slices.Contains(publicDomains, d) }

// lookalike says why the domain of an address may be taken for another: the owner's, a provider's, or that of another
// recipient. ok is false if it may not.
func lookalike(address, own string, all []stdmail.Address) (why approval.Text, ok bool) {
	d := domainOf(address)
	is := func(other string) (approval.Text, bool) {
		return approval.Say("mail.alike", "{who}: looks like {other}, but is another", "who", address, "other", other), true
	}
	if strings.Contains(d, "xn--") {
		if shown, err := idna.ToUnicode(d); err == nil {
			latin, other := false, false
			for _, r := range shown {
				if unicode.IsLetter(r) {
					latin = latin || unicode.Is(unicode.Latin, r)
					other = other || !unicode.Is(unicode.Latin, r)
				}
			}
			if latin && other {
				return approval.Say("mail.alphabets", "{who}: mixes alphabets, as imitations of known addresses do: {shown}", "who", address, "shown", shown), true
			}
			return approval.Say("mail.punycode", "{who}: is shown as {shown}", "who", address, "shown", shown), true
		}
	}
	if publicDomain(d) || d == own {
		return why, false
	}
	if near(d, own) {
		return approval.Say("mail.alike.own", "{who}: looks like your own domain {own}, but is another", "who", address, "own", own), true
	}
	for _, p := range publicDomains {
		if len(p) >= 8 && near(d, p) { // shorter names have honest neighbours
			return is(p)
		}
	}
	for _, a := range all {
		if other := domainOf(a.Address); other != d && len(other) >= 8 && near(d, other) {
			return is(other)
		}
	}
	return why, false
}

// near reports whether one letter is changed, added, taken away or swapped, or letters stand that look alike.
func near(a, b string) bool {
	if a == b {
		return false
	}
	if skeleton(a) == skeleton(b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+2 <= len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// skeleton writes letters that look alike as one.
func skeleton(d string) string {
	return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "5", "s", "-", "").Replace(d)
}

func looksLikeAddress(name string) bool {
	_, err := stdmail.ParseAddress(strings.TrimSpace(name))
	return err == nil
}
