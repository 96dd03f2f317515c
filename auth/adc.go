package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/oauth2"
)

// adcFile is a file of Application Default Credentials, https://cloud.google.com/docs/authentication/application-default-credentials.
type adcFile struct {
	Type         string `json:"type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
	QuotaProject string `json:"quota_project_id"`
	ClientEmail  string `json:"client_email"`
	PrivateKey   string `json:"private_key"`
	PrivateKeyID string `json:"private_key_id"`
	Universe     string `json:"universe_domain"`
}

// DefaultADC returns where Application Default Credentials lie: GOOGLE_APPLICATION_CREDENTIALS, else where gcloud puts
// them.
func DefaultADC(getenv func(string) string) string {
	if path := getenv("GOOGLE_APPLICATION_CREDENTIALS"); path != "" {
		return path
	}
	const name = "application_default_credentials.json"
	if runtime.GOOS == "windows" {
		return filepath.Join(getenv("APPDATA"), "gcloud", name)
	}
	return filepath.Join(getenv("HOME"), ".config", "gcloud", name)
}

// AddADC makes a profile from Application Default Credentials. They are copied to the vault; the file is left alone.
func (p *Profiles) AddADC(ctx context.Context, s SignIn, path string) (Profile, error) {
	if err := p.free(ctx, s.Name); err != nil {
		return Profile{}, err
	}
	one, c, t, err := p.readADC(ctx, s, path)
	if err != nil {
		return Profile{}, err
	}
	if err := p.keep(ctx, one, c); err != nil {
		return Profile{}, err
	}
	p.remember(one, t)
	return one, nil
}

// readADC reads a file and tries what is in it.
func (p *Profiles) readADC(ctx context.Context, s SignIn, path string) (Profile, credential, *oauth2.Token, error) {
	one, c, err := p.parseADC(s, path)
	if err != nil {
		return Profile{}, credential{}, nil, err
	}
	t, err := p.source(ctx, one, c).Token()
	if err != nil {
		return Profile{}, credential{}, nil, fmt.Errorf("trying the credentials: %w", p.readable(err))
	}
	if one.Kind == AuthorizedUser {
		one.RefreshUntil = refreshUntil(t, p.now())
		if err := p.identify(ctx, &one, t); err != nil {
			return Profile{}, credential{}, nil, err
		}
	}
	if err := one.judge(s.Scopes); err != nil {
		return Profile{}, credential{}, nil, errors.New(`the credentials allow none of what the tools need: make them with "gcloud auth application-default login --scopes=…"`)
	}
	return one, c, t, nil
}

// parseADC makes a profile and its credentials of a file.
func (p *Profiles) parseADC(s SignIn, path string) (Profile, credential, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Profile{}, credential{}, fmt.Errorf("there are no Application Default Credentials at %s: run \"gcloud auth application-default login\", or name the file", path)
	}
	if err != nil {
		return Profile{}, credential{}, fmt.Errorf("reading the credentials: %w", err)
	}
	var f adcFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Profile{}, credential{}, fmt.Errorf("%s holds no credentials: it is not JSON", path)
	}
	if f.Universe != "" && f.Universe != "googleapis.com" {
		return Profile{}, credential{}, fmt.Errorf("the credentials in %s are for %q, which is not Google's public cloud", path, clip(f.Universe))
	}
	now := p.now()
	one := Profile{ID: newID(), OwnerID: "owner", Name: s.Name, Toolsets: s.Toolsets, ReadOnly: s.ReadOnly, ClientID: f.ClientID, QuotaProject: f.QuotaProject, AddedAt: now, SignedInAt: now, CheckedAt: now}
	var c credential
	switch f.Type {
	case "authorized_user":
		if f.RefreshToken == "" || f.ClientID == "" {
			return Profile{}, credential{}, fmt.Errorf("the credentials in %s are not complete", path)
		}
		one.Kind, c = AuthorizedUser, credential{Refresh: f.RefreshToken, ClientID: f.ClientID, ClientSecret: f.ClientSecret}
	case "service_account":
		if f.PrivateKey == "" || f.ClientEmail == "" {
			return Profile{}, credential{}, fmt.Errorf("the key in %s is not complete", path)
		}
		one.Kind, one.Email, one.Subject, one.Scopes = ServiceAccount, f.ClientEmail, f.ClientEmail, slices.Clone(s.Scopes)
		c = credential{Email: f.ClientEmail, PrivateKey: f.PrivateKey, PrivateKeyID: f.PrivateKeyID}
	case "":
		return Profile{}, credential{}, fmt.Errorf(`%s holds no Application Default Credentials; an OAuth client is imported with "postern google-client import FILE"`, path)
	default:
		return Profile{}, credential{}, fmt.Errorf("%s holds credentials of the type %q: only authorized_user and service_account can be used", path, clip(f.Type))
	}
	return one, c, nil
}

// identify fills in whose credentials they are. Those of gcloud often do not say: then the address is not known.
func (p *Profiles) identify(ctx context.Context, one *Profile, t *oauth2.Token) error {
	one.Scopes = granted(t)
	who, err := p.whoIs(ctx, t.AccessToken)
	if err != nil {
		return fmt.Errorf("%w; make them with the scopes openid and https://www.googleapis.com/auth/userinfo.email", err)
	}
	one.Email, one.Subject = who.Email, who.Subject
	return nil
}
