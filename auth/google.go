package auth

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Google's endpoints, https://accounts.google.com/.well-known/openid-configuration. Tests replace the transport, never
// these.
const (
	authURL     = "https://accounts.google.com/o/oauth2/v2/auth"
	tokenURL    = "https://oauth2.googleapis.com/token"
	revokeURL   = "https://oauth2.googleapis.com/revoke"
	userinfoURL = "https://openidconnect.googleapis.com/v1/userinfo"
)

// identityScopes say who signs in.
var identityScopes = []string{"openid", "email"}

// identityGranted are the same as Google names them in its answers, with one that it adds at times.
var identityGranted = []string{"openid", "https://www.googleapis.com/auth/userinfo.email", "https://www.googleapis.com/auth/userinfo.profile"}

// identity is who an access token is for, OpenID Connect Core section 5.3.
type identity struct {
	Subject string `json:"sub"`
	Email   string `json:"email"`
}

// whoIs asks Google whose access token it is.
func (p *Profiles) whoIs(ctx context.Context, access string) (identity, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, userinfoURL, nil)
	if err != nil {
		return identity{}, err
	}
	req.Header.Set("Authorization", "Bearer "+access)
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return identity{}, fmt.Errorf("asking Google who signed in: %w", plain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return identity{}, fmt.Errorf("asking Google who signed in: it answered %s", resp.Status)
	}
	var id identity
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&id); err != nil {
		return identity{}, fmt.Errorf("asking Google who signed in: %w", err)
	}
	if id.Subject == "" || id.Email == "" {
		return identity{}, errors.New("Google did not say who signed in: leave the email permission ticked")
	}
	id.Email = strings.ToLower(id.Email)
	return id, nil
}

// revoke takes a permission back, RFC 7009. The token goes in the body: addresses are logged.
func (p *Profiles) revoke(ctx context.Context, refresh string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, revokeURL, strings.NewReader(url.Values{"token": {refresh}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return plain(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode == http.StatusOK || strings.Contains(string(b), "invalid_token") { // gone already
		return nil
	}
	return fmt.Errorf("Google answered %s", resp.Status)
}

// oauthConfig is the client towards Google. redirect is "" where no code is exchanged.
func oauthConfig(id, secret, redirect string, scopes []string) *oauth2.Config {
	return &oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: authURL, TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams}}
}

// via makes oauth2 use the transport to Google.
func (p *Profiles) via(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, p.HTTP)
}

// granted returns the scopes that a token answer lists, in Google's full form; nil if it lists none.
func granted(t *oauth2.Token) []string {
	s, _ := t.Extra("scope").(string)
	scopes := strings.Fields(s)
	slices.Sort(scopes)
	return scopes
}

// refreshUntil is when Google ends the refresh token, if it says so: it does for apps in Testing.
func refreshUntil(t *oauth2.Token, now time.Time) time.Time {
	if n, ok := t.Extra("refresh_token_expires_in").(float64); ok && n > 0 {
		return now.Add(time.Duration(n) * time.Second)
	}
	return time.Time{}
}

// plain makes an error of the network readable: without the address, which tells nothing here.
func plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return err
}

// clockSkew is how wrong this computer's clock may be before sign-ins fail by it.
const clockSkew = 5 * time.Minute

// wrongClock says that the clock is to blame, if it is: by the date of Google's answer, or a certificate that seems to be
// of another time.
func (p *Profiles) wrongClock(err error) error {
	var cert x509.CertificateInvalidError
	if errors.As(err, &cert) && cert.Reason == x509.Expired {
		return fmt.Errorf("%w: it says %s, and Google's certificate is not valid then; set it, then try again", ErrClock, p.now().Format(time.RFC1123))
	}
	re := refusal(err)
	if re == nil {
		return nil
	}
	if re.Response != nil {
		if skew := p.skew(re.Response.Header.Get("Date")); skew != nil {
			return skew
		}
	}
	if strings.Contains(re.ErrorDescription, "reasonable timeframe") {
		return fmt.Errorf("%w: set it, then try again", ErrClock)
	}
	return nil
}

// skew compares the clock with the Date of an answer; no date says nothing.
func (p *Profiles) skew(date string) error {
	at, err := http.ParseTime(date)
	if err != nil {
		return nil
	}
	if d := p.now().Sub(at); d.Abs() > clockSkew {
		side := "ahead"
		if d < 0 {
			side = "behind"
		}
		return fmt.Errorf("%w: it is %v %s; set it, then try again", ErrClock, d.Abs().Round(time.Minute), side)
	}
	return nil
}

// refusal returns what the token endpoint answered, nil if err is no answer. The answer to an assertion is not taken
// apart by its package.
func refusal(err error) *oauth2.RetrieveError {
	var re *oauth2.RetrieveError
	if !errors.As(err, &re) {
		return nil
	}
	if re.ErrorCode == "" {
		var body struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(re.Body, &body) == nil {
			re.ErrorCode, re.ErrorDescription = body.Error, body.Description
		}
	}
	return re
}

// subtype is Google's own addition to an answer of the token endpoint, "" if there is none.
func subtype(re *oauth2.RetrieveError) string {
	var body struct {
		Subtype string `json:"error_subtype"`
	}
	_ = json.Unmarshal(re.Body, &body)
	return body.Subtype
}

// dated notes the Date of the last answer that passes.
type dated struct {
	base http.RoundTripper
	date string
}

func (d *dated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.base.RoundTrip(r)
	if err == nil {
		d.date = resp.Header.Get("Date")
	}
	return resp, err
}
