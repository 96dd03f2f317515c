package auth

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// HTTPClient returns a client that acts as the profile with that id. It is asked for anew by every call, so that what
// another process changed is noticed.
func (p *Profiles) HTTPClient(ctx context.Context, id string) (*http.Client, error) {
	one, err := p.Index.Profile(ctx, id)
	if err != nil {
		return nil, err
	}
	p.outdate(id, one.SignedInAt)
	return &http.Client{Transport: &authorized{p, one.ID, one.QuotaProject}}, nil
}

// authorized adds a profile's access token to requests.
type authorized struct {
	profiles     *Profiles
	id           string
	quotaProject string
}

// RoundTrip sends the request with the token, and once more with a new one if Google no longer takes it.
func (a *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if !takesTokens(r.URL) {
		return a.profiles.transport().RoundTrip(r)
	}
	resp, value, err := a.try(r, "")
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again := r.Clone(r.Context())
	if r.Body != nil && r.Body != http.NoBody {
		if r.GetBody == nil {
			a.profiles.refused(a.id, value)
			return resp, nil
		}
		if again.Body, err = r.GetBody(); err != nil {
			a.profiles.refused(a.id, value)
			return resp, nil
		}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	resp.Body.Close()
	resp, _, err = a.try(again, value)
	return resp, err
}

// try sends the request with a token other than refused.
func (a *authorized) try(r *http.Request, refused string) (*http.Response, string, error) {
	value, err := a.profiles.accessToken(r.Context(), a.id, refused)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, "", err
	}
	out := r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+value)
	if a.quotaProject != "" {
		out.Header.Set("X-Goog-User-Project", a.quotaProject)
	}
	resp, err := a.profiles.transport().RoundTrip(out)
	return resp, value, err
}

// takesTokens reports whether an address may see an access token. Google's APIs redirect downloads to other hosts, and
// http.Client follows: the token must not go along.
func takesTokens(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (host == "docs.google.com" || strings.HasSuffix(host, ".googleapis.com"))
}

func (p *Profiles) transport() http.RoundTripper {
	if p.HTTP == nil || p.HTTP.Transport == nil {
		return http.DefaultTransport
	}
	return p.HTTP.Transport
}
