package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/fakegoogle"
)

// edit changes a JSON answer.
func edit(resp *http.Response, change func(map[string]any)) (*http.Response, error) {
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	if json.Unmarshal(b, &m) == nil {
		change(m)
		if b, err = json.Marshal(m); err != nil {
			return nil, err
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return resp, nil
}

func TestTokensAreRenewedOnceAndEarly(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	renewed := func() int { return d.google.Count("oauth2.token") - 1 } // one was the sign-in
	d.wantGet(one.ID)
	if n := renewed(); n != 0 {
		t.Errorf("%d renewals right after the sign-in", n)
	}
	d.pass(56 * time.Minute) // Google would take the token for three minutes more
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { d.wantGet(one.ID) })
	}
	wg.Wait()
	if n := renewed(); n != 1 {
		t.Errorf("%d renewals for eight calls, want 1", n)
	}
}

func TestATokenThatGoogleDropsIsReplacedOnce(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail, writeMail)
	d.google.ExpireTokens()
	hc, err := d.HTTPClient(t.Context(), one.ID)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := hc.Post(labels, "application/json", strings.NewReader(`{"name":"one"}`))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("a request that can be sent again: %v, %v", resp, err)
	}
	d.google.ExpireTokens()
	resp, err = hc.Post(labels, "application/json", io.MultiReader(strings.NewReader(`{"name":"two"}`)))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a request that cannot be sent again: %v, %v", resp, err)
	}
	before := d.google.Count("gmail.users.labels.list")
	d.wantGet(one.ID)
	if n := d.google.Count("gmail.users.labels.list") - before; n != 1 {
		t.Errorf("the dead token was tried again: %d calls", n)
	}
	d.google.Inject(fakegoogle.Fault{Method: "gmail.", Failure: &fakegoogle.Failure{Code: 401, Reason: "authError", Message: "no"}})
	before = d.google.Count("gmail.users.labels.list")
	if code, err := d.get(one.ID); err != nil || code != http.StatusUnauthorized {
		t.Errorf("a Google that takes no token: %d, %v", code, err)
	}
	if n := d.google.Count("gmail.users.labels.list") - before; n != 2 {
		t.Errorf("%d tries, want 2", n)
	}
}

func TestAFaultOfTheNetworkSaysNothingOfTheSignIn(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	for name, f := range map[string]fakegoogle.Fault{
		"cut":         {Method: "oauth2.token", Cut: true},
		"unavailable": {Method: "oauth2.token", Failure: &fakegoogle.Failure{Code: 503, Message: "later"}},
		"broken":      {Method: "oauth2.token", Broken: true},
	} {
		d.google.Inject(f)
		d.forget(one.ID)
		var again *SignInAgainError
		if _, err := d.get(one.ID); err == nil || errors.As(err, &again) {
			t.Errorf("%s: %v", name, err)
		}
		if got := d.book.snapshot()[one.ID]; got.State != Valid {
			t.Errorf("%s: the profile is %q", name, got.State)
		}
		if got, err := d.Check(t.Context(), "work"); err != nil || got.State != Unreachable || got.Reason == "" {
			t.Errorf("%s: Check: %+v, %v", name, got, err)
		}
		if got := d.book.snapshot()[one.ID]; got.State != Valid {
			t.Errorf("%s: after Check the profile is %q", name, got.State)
		}
		d.google.ClearFaults()
		d.wantGet(one.ID)
	}
}

func TestATokenIsUsedToItsEndWhenGoogleIsAway(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.google.Inject(fakegoogle.Fault{Method: "oauth2.token", Cut: true})
	d.pass(57 * time.Minute)
	d.wantGet(one.ID)
	d.pass(3 * time.Minute)
	if _, err := d.get(one.ID); err == nil {
		t.Error("a token was used after its end")
	}
}

func TestWhyTheOwnerMustSignInAgain(t *testing.T) {
	refuse := func(body string) func(d *desk) {
		return func(d *desk) {
			d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path != "/token" {
					return d.google.Transport().RoundTrip(r)
				}
				return &http.Response{StatusCode: 400, Status: "400 Bad Request", Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			})}
		}
	}
	for name, c := range map[string]struct {
		testing bool
		set     func(d *desk)
		says    string
	}{
		"revoked":        {false, func(d *desk) { d.google.RevokeGrant("ada@example.com") }, "revoked: "},
		"early revoked":  {true, func(d *desk) { d.google.RevokeGrant("ada@example.com") }, "revoked: "},
		"seven days":     {true, func(d *desk) { d.pass(7*24*time.Hour + time.Minute) }, "seven days"},
		"unused":         {false, func(d *desk) { d.google.RevokeGrant("ada@example.com"); d.pass(200 * 24 * time.Hour) }, "six months"},
		"organisation":   {false, refuse(`{"error":"invalid_grant","error_subtype":"invalid_rapt"}`), "organisation"},
		"client deleted": {false, refuse(`{"error":"deleted_client"}`), "google-client import"},
		"vault emptied":  {false, func(d *desk) { clear(d.shelf.items) }, "not in the shelf"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.google.AddClient(fakegoogle.Client{ID: clientID, Secret: "not-so-secret", Testing: c.testing})
			one := d.add("work", readMail)
			if c.testing == one.RefreshUntil.IsZero() {
				t.Errorf("in Testing: %v, but the end is %v", c.testing, one.RefreshUntil)
			}
			c.set(d)
			d.forget(one.ID)
			_, err := d.get(one.ID)
			var again *SignInAgainError
			if !errors.As(err, &again) || !strings.Contains(again.Reason, c.says) {
				t.Fatalf("a call: %v; want %q", err, c.says)
			}
			if got := d.book.snapshot()[one.ID]; got.State != SignInAgain || got.Reason != again.Reason {
				t.Errorf("the profile is %q, %q", got.State, got.Reason)
			}
			if got, err := d.Check(t.Context(), "work"); err != nil || got.State != SignInAgain {
				t.Errorf("Check: %+v, %v", got, err)
			}
		})
	}
}

func TestASignInOfAnotherProcessIsNoticed(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	other := &Profiles{Index: d.book, Vault: d.Vault, HTTP: d.HTTP, Now: d.clock}
	seen := func() string {
		t.Helper()
		if _, err := other.HTTPClient(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
		value, err := other.accessToken(t.Context(), one.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	before := seen()
	if seen() != before {
		t.Error("the token was not kept")
	}
	d.pass(time.Minute)
	d.allow("ada@example.com", readMail, writeMail)
	if _, err := d.Refresh(t.Context(), "work", SignIn{Scopes: []string{readMail, writeMail}}); err != nil {
		t.Fatal(err)
	}
	if seen() == before {
		t.Error("the token of the old sign-in, without the new scopes, is still used")
	}
}

// TestARefusalOfOldCredentialsIsNoVerdictOnNewOnes has another process sign in again while Google refuses the old token.
func TestARefusalOfOldCredentialsIsNoVerdictOnNewOnes(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.google.RevokeGrant("ada@example.com")
	d.pass(time.Minute)
	var once sync.Once
	other := &Profiles{Index: d.book, Vault: d.Vault, Now: d.clock, HTTP: &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		resp, err := d.google.Transport().RoundTrip(r)
		once.Do(func() {
			d.allow("ada@example.com", readMail)
			if _, err := d.Refresh(context.WithoutCancel(r.Context()), "work", SignIn{Scopes: []string{readMail}}); err != nil {
				t.Errorf("Refresh: %v", err)
			}
		})
		return resp, err
	})}}
	hc, err := other.HTTPClient(t.Context(), one.ID)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := hc.Get(labels); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the call: %v, %v", resp, err)
	}
	if got := d.book.snapshot()[one.ID]; got.State != Valid {
		t.Errorf("the profile is %q: %s", got.State, got.Reason)
	}
}

func TestRenewalsKeepWhatGoogleSays(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail, writeMail)
	d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		resp, err := d.google.Transport().RoundTrip(r)
		if err != nil || r.URL.Path != "/token" {
			return resp, err
		}
		return edit(resp, func(m map[string]any) {
			m["scope"], m["refresh_token"] = "openid https://www.googleapis.com/auth/userinfo.email "+readMail, "1//rotated"
		})
	})}
	d.forget(one.ID)
	d.wantGet(one.ID)
	got := d.book.snapshot()[one.ID]
	if got.State != NoScopes || got.Reason != "not granted: gmail.modify" || slices.Contains(got.Scopes, writeMail) {
		t.Errorf("the profile is %+v", got)
	}
	if item := d.shelf.snapshot()[credentialKey(one.ID)]; !strings.Contains(item, "1//rotated") {
		t.Errorf("the vault holds %s", item)
	}
}

func TestANewSecretOfTheSameClientIsTakenUp(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.google.AddClient(fakegoogle.Client{ID: clientID, Secret: "newer"})
	d.forget(one.ID)
	if _, err := d.get(one.ID); err == nil || !strings.Contains(err.Error(), "google-client import") {
		t.Errorf("before the import: %v", err)
	}
	if _, err := ImportGoogleClient(t.Context(), d.shelf, []byte(strings.Replace(installedJSON, "not-so-secret", "newer", 1))); err != nil {
		t.Fatal(err)
	}
	d.wantGet(one.ID)
	if got := d.book.snapshot()[one.ID]; got.State != Valid {
		t.Errorf("the profile is %q: %s", got.State, got.Reason)
	}
}

func TestTokensGoToGoogleAlone(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	leaked := map[string]string{}
	d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		if a := r.Header.Get("Authorization"); a != "" {
			leaked[r.URL.Host] = a
		}
		resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}
		if r.URL.Path == "/away" {
			resp.StatusCode = http.StatusFound
			resp.Header.Set("Location", "https://elsewhere.example/file")
		}
		return resp, nil
	})}
	hc, err := d.HTTPClient(t.Context(), one.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"https://www.googleapis.com/away", "http://www.googleapis.com/plain", "https://googleapis.com.example/", "https://evilgoogleapis.com/", "https://docs.google.com/export"} {
		resp, err := hc.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	delete(leaked, "docs.google.com")
	if a := leaked["www.googleapis.com"]; !strings.HasPrefix(a, "Bearer ya29.") {
		t.Errorf("Google got %q", a)
	}
	delete(leaked, "www.googleapis.com")
	if len(leaked) > 0 {
		t.Errorf("the token went to %v", leaked)
	}
}

func TestACallThatGivesUpLeavesTheRenewalToOthers(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.forget(one.ID)
	asked, answer := make(chan struct{}), make(chan struct{})
	d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/token" {
			close(asked)
			<-answer
		}
		return d.google.Transport().RoundTrip(r)
	})}
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() { _, err := d.accessToken(ctx, one.ID, ""); given <- err }()
	<-asked
	got := make(chan error, 1)
	go func() { _, err := d.accessToken(t.Context(), one.ID, ""); got <- err }()
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that gave up: %v", err)
	}
	close(answer)
	if err := <-got; err != nil {
		t.Errorf("the other call: %v", err)
	}
}

func TestCheckKeepsMissingScopes(t *testing.T) {
	d := newDesk(t)
	d.allow("ada@example.com", readMail)
	one, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail, writeMail}})
	if err != nil {
		t.Fatal(err)
	}
	d.google.Inject(fakegoogle.Fault{Method: "oauth2.", Cut: true})
	if got, err := d.Check(t.Context(), "work"); err != nil || got.State != Unreachable {
		t.Errorf("Check without a network: %+v, %v", got, err)
	}
	d.google.ClearFaults()
	d.pass(time.Minute)
	got, err := d.Check(t.Context(), "work")
	if err != nil || got.State != NoScopes || got.Reason != one.Reason || !got.CheckedAt.After(one.CheckedAt) {
		t.Errorf("Check: %+v, %v", got, err)
	}
}
