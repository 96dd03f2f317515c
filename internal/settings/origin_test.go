package settings

import (
	"strings"
	"testing"
)

func TestOriginsAreAsBrowsersWriteThem(t *testing.T) {
	s := open(t)
	for _, good := range []string{
		"", "http://localhost:6274", "https://a.example, https://xn--bcher-kva.example:8443", "http://127.0.0.1:8080", "http://[::1]:6274", "http://my_box",
	} {
		if err := Set(t.Context(), s, "http.origins", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"http://*.evil.com":      "name each",
		"*":                      "such as",
		"null":                   "such as",
		"ftp://a":                "such as",
		"http://":                "such as",
		"https://a:99999":        "65535",
		"https://a:0":            "65535",
		"http://LOCALHOST:6274":  "write http://localhost:6274",
		"http://localhost:80":    "write http://localhost",
		"http://localhost:06274": "write http://localhost:6274",
		"http://localhost:":      "write http://localhost",
		"HTTPS://a":              "write https://a",
		"https://a:443":          "write https://a",
		"https://a/":             "write https://a",
		"https://a/x?y#z":        "write https://a",
		"https://u@a":            "write https://a",
		"https://bücher.example": "xn--",
		"https://a..b":           "no name",
		"https://a.":             "no name",
		"https://a;b":            "no name",
		"https://127.1":          "four numbers",
		"https://0x7f.1":         "four numbers",
		"https://1.2.3.0x4":      "four numbers",
		"https://[::0001]":       "write https://[::1]",
		"https://[fe80::1%25a]":  "no address",
		"http://localhost:6274 http://localhost:80": "write http://localhost",
	} {
		if err := Set(t.Context(), s, "http.origins", bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
}
