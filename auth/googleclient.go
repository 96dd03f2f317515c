package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"postern/auth/vault"
)

// clientKey is where the owner's OAuth client lies in the vault.
const clientKey = "google-client"

// ErrNoGoogleClient is returned where a sign-in needs the owner's OAuth client and there is none.
var ErrNoGoogleClient = errors.New(`there is no OAuth client yet: make one in Google Cloud ("Desktop app"), download its JSON, and run "postern google-client import FILE"`)

// GoogleClient is the owner's OAuth client from Google Cloud. Google wants its secret at the exchange of the code even
// with PKCE, though that of an installed app is no secret in the sense of RFC 6749 section 2.1.
type GoogleClient struct {
	ID        string `json:"client_id"`
	Secret    string `json:"client_secret"`
	ProjectID string `json:"project_id,omitempty"`
	Kind      string `json:"kind"` // "installed" or "web"
	// Redirect is where Google answers a web client: an address of this computer that is registered with it. An
	// installed one may be answered at any port, and has none.
	Redirect string `json:"redirect,omitempty"`
}

// String returns the id alone: the secret must not get into a log.
func (c GoogleClient) String() string { return c.ID }

// LogValue is as String.
func (c GoogleClient) LogValue() slog.Value { return slog.StringValue(c.ID) }

// ParseGoogleClient reads the JSON that Google Cloud gives for an OAuth client. Anything else is refused with what it is.
func ParseGoogleClient(b []byte) (GoogleClient, error) {
	var file struct {
		Installed *GoogleClient `json:"installed"`
		Web       *struct {
			GoogleClient
			RedirectURIs []string `json:"redirect_uris"`
		} `json:"web"`
		Type       string `json:"type"`
		PrivateKey string `json:"private_key"`
		APIKey     string `json:"api_key"`
		Current    string `json:"current_key"`
		Refresh    string `json:"refresh_token"`
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff")) // of editors on Windows
	text := strings.TrimSpace(string(b))
	if err := json.Unmarshal(b, &file); err != nil {
		switch {
		case text == "":
			return GoogleClient{}, errors.New("the file is empty")
		case strings.HasPrefix(text, "AIza"):
			return GoogleClient{}, errors.New("the file holds an API key, which cannot sign anybody in: download the JSON of an OAuth client")
		case strings.HasPrefix(text, "-----BEGIN"):
			return GoogleClient{}, errors.New("the file holds a key or certificate: download the JSON of an OAuth client")
		case strings.HasPrefix(text, "<"):
			return GoogleClient{}, errors.New("the file is a web page: download the JSON of an OAuth client")
		case json.Valid(b):
			return GoogleClient{}, errors.New(`the file is JSON, but no OAuth client: those begin with "installed" or "web"`)
		}
		return GoogleClient{}, errors.New("the file is not JSON: download the JSON of an OAuth client from Google Cloud")
	}
	var c GoogleClient
	switch {
	case file.Installed != nil:
		c = *file.Installed
		c.Kind = "installed"
	case file.Web != nil:
		c = file.Web.GoogleClient
		c.Kind, c.Redirect = "web", loopback(file.Web.RedirectURIs)
	case file.Type == "service_account" || file.PrivateKey != "":
		return GoogleClient{}, errors.New(`the file is the key of a service account: use "postern profiles add NAME --adc FILE" for that`)
	case file.Type == "authorized_user" || file.Refresh != "":
		return GoogleClient{}, errors.New(`the file holds Application Default Credentials of a person: use "postern profiles add NAME --adc FILE" for that`)
	case file.Type == "external_account":
		return GoogleClient{}, errors.New("the file is a workload identity configuration, which has no OAuth client")
	case file.APIKey != "" || file.Current != "":
		return GoogleClient{}, errors.New("the file holds an API key (as google-services.json does), which cannot sign anybody in")
	case file.Type != "":
		return GoogleClient{}, fmt.Errorf("the file holds credentials of the type %q, which have no OAuth client", clip(file.Type))
	default:
		return GoogleClient{}, errors.New(`the file is JSON, but no OAuth client: those begin with "installed" or "web"`)
	}
	switch {
	case c.ID == "":
		return GoogleClient{}, errors.New("the OAuth client has no client_id")
	case c.Secret == "":
		return GoogleClient{}, errors.New("the OAuth client has no client_secret: Google shows it only when it is made, so make a new secret and download the JSON then")
	case !strings.HasSuffix(c.ID, ".apps.googleusercontent.com"):
		return GoogleClient{}, fmt.Errorf("the client_id %q is not one of Google's", clip(c.ID))
	case c.Kind == "web" && c.Redirect == "":
		return GoogleClient{}, errors.New(`the OAuth client is for a web site, and Google would never answer to this computer: make one of the type "Desktop app", or register a redirect URI such as http://127.0.0.1:7879/ with it and download its JSON again`)
	}
	return c, nil
}

// loopback returns the first address of this computer with a port, "" if there is none.
func loopback(uris []string) string {
	for _, uri := range uris {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.Port() == "" || u.RawQuery != "" || u.Fragment != "" {
			continue
		}
		if h := u.Hostname(); h == "localhost" || h == "127.0.0.1" || h == "::1" {
			return uri
		}
	}
	return ""
}

// ImportGoogleClient keeps the client in the vault.
func ImportGoogleClient(ctx context.Context, v vault.Vault, b []byte) (GoogleClient, error) {
	c, err := ParseGoogleClient(b)
	if err != nil {
		return GoogleClient{}, err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return GoogleClient{}, err
	}
	return c, v.Set(ctx, clientKey, value)
}

// LoadGoogleClient returns the owner's client, ErrNoGoogleClient if there is none.
func LoadGoogleClient(ctx context.Context, v vault.Vault) (GoogleClient, error) {
	b, err := v.Get(ctx, clientKey)
	if errors.Is(err, vault.ErrNotFound) {
		return GoogleClient{}, ErrNoGoogleClient
	}
	if err != nil {
		return GoogleClient{}, err
	}
	var c GoogleClient
	if err := json.Unmarshal(b, &c); err != nil {
		return GoogleClient{}, errors.New("the OAuth client in the vault is damaged: import it again")
	}
	return c, nil
}

// RemoveGoogleClient forgets the owner's client. Profiles that it signed in keep their own copy.
func RemoveGoogleClient(ctx context.Context, v vault.Vault) error { return v.Delete(ctx, clientKey) }
