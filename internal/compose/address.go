package compose

import (
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// Addresses reads a list of addresses, each as "ada@example.com" or "Ada <ada@example.com>"; one item may hold several
// with commas. International domains are written in their ASCII form. name says in an error which list it is.
func Addresses(name string, items []string) ([]mail.Address, error) {
	var out []mail.Address
	seen := map[string]bool{}
	for _, item := range items {
		item = strings.Trim(item, " ,;\t")
		if item == "" {
			continue
		}
		if err := OneLine(name, item); err != nil {
			return nil, err
		}
		found, err := mail.ParseAddressList(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no mail address: write ada@example.com or Ada <ada@example.com>", name, clip(item))
		}
		for _, a := range found {
			if err := normalize(a); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if key := strings.ToLower(a.Address); !seen[key] {
				seen[key] = true
				out = append(out, *a)
			}
		}
	}
	return out, nil
}

func normalize(a *mail.Address) error {
	at := strings.LastIndex(a.Address, "@")
	if at < 1 {
		return fmt.Errorf("%q is no mail address", clip(a.Address))
	}
	domain, err := idna.Lookup.ToASCII(a.Address[at+1:])
	if err != nil || !strings.Contains(domain, ".") {
		return fmt.Errorf("%q has no valid domain", clip(a.Address))
	}
	a.Address = a.Address[:at+1] + domain
	return OneLine("an address", a.Name+a.Address)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
