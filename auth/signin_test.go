package auth

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/internal/fakegoogle"
)

func TestAddSignsIn(t *testing.T) {
	d := newDesk(t)
	var asked url.Values
	d.owner(func(v *visit) {
		asked = v.query()
		v.back(v.consent("ada@example.com", "allow", readMail, writeMail))
	})
	one, err := d.Add(t.Context(), SignIn{Name: "work", Toolsets: []string{"gmail"}, Scopes: []string{readMail, writeMail}})
	if err != nil {
		t.Fatal(err)
	}
	if one.Email != "ada@example.com" || one.Subject == "" || one.State != Valid || one.Kind != SignedIn || one.ClientID != clientID || !slices.Contains(one.Scopes, readMail) {
		t.Errorf("the profile is %+v", one)
	}
	if page := d.page(); !strings.Contains(page, "Signed in as ada@example.com") || strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Errorf("the closing page:\n%s", page)
	}
	for key, want := range map[string]string{"access_type": "offline", "code_challenge_method": "S256", "response_type": "code", "include_granted_scopes": "", "prompt": "select_account consent"} {
		if asked.Get(key) != want {
			t.Errorf("Google was asked %s=%q, want %q", key, asked.Get(key), want)
		}
	}
	if got := strings.Fields(asked.Get("scope")); !slices.Equal(got, []string{"openid", "email", readMail, writeMail}) {
		t.Errorf("Google was asked for %v", got)
	}
	if len(asked.Get("state")) < 20 || asked.Get("code_challenge") == "" || !strings.HasPrefix(asked.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("Google was asked %v", asked)
	}
	items := d.shelf.snapshot()
	item := items[credentialKey(one.ID)]
	if len(items) != 2 || !strings.Contains(item, "refresh_token") || strings.Contains(item, "ya29.") {
		t.Errorf("the vault holds %d items, the profile's: %s", len(items), item)
	}
	if !strings.Contains(d.said(), "https://accounts.google.com/") || strings.Contains(d.said(), "not-so-secret") {
		t.Errorf("the owner was told %q", d.said())
	}
	d.wantGet(one.ID)
	// Another process has the vault and the index alone.
	other := &Profiles{Index: d.book, Vault: d.Vault, HTTP: d.HTTP, Now: d.clock}
	hc, err := other.HTTPClient(t.Context(), one.ID)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := hc.Get(labels); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("a call of another process: %v, %v", resp, err)
	}
}

func TestAddTakesWhatWasGranted(t *testing.T) {
	d := newDesk(t)
	d.allow("ada@example.com", readMail)
	one, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail, writeMail}})
	if err != nil {
		t.Fatal(err)
	}
	if one.State != NoScopes || one.Reason != "not granted: gmail.modify" || slices.Contains(one.Scopes, writeMail) {
		t.Errorf("the profile is %+v", one)
	}
}

func TestAddAsksForNoMoreThanItsOwn(t *testing.T) {
	d := newDesk(t)
	d.add("full", readMail, writeMail)
	few := d.add("few", readMail)
	if slices.Contains(few.Scopes, writeMail) {
		t.Errorf("the second profile of the account was granted %v", few.Scopes)
	}
}

func TestSignInThatEndsWithoutOne(t *testing.T) {
	want := SignIn{Name: "work", Scopes: []string{readMail}}
	for name, c := range map[string]struct {
		set  func(d *desk)
		act  func(v *visit)
		says string
		page string
	}{
		"denied": {
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "deny")) },
			says: "you said no", page: "The sign-in did not work",
		},
		"no box ticked": {
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow")) },
			says: "no permission was ticked", page: "No permission was ticked",
		},
		"blocked by an administrator": {
			act: func(v *visit) {
				v.back(v.query().Get("redirect_uri") + "?error=admin_policy_enforced&state=" + v.query().Get("state"))
			},
			says: "administrator", page: "administrator",
		},
		"an answer without a code": {
			act:  func(v *visit) { v.back(v.query().Get("redirect_uri") + "?state=" + v.query().Get("state")) },
			says: "no code", page: "no code",
		},
		"a code that is not one": {
			act: func(v *visit) {
				v.back(v.query().Get("redirect_uri") + "?code=x&state=" + v.query().Get("state"))
			},
			says: "refuses the code", page: "The sign-in did not work",
		},
		"a wrong secret": {
			set:  func(d *desk) { d.google.AddClient(fakegoogle.Client{ID: clientID, Secret: "another"}) },
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "google-client import", page: "The sign-in did not work",
		},
		"no network": {
			set: func(d *desk) {
				d.google.Inject(fakegoogle.Fault{Method: "oauth2.token", Cut: true})
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "exchanging the code", page: "The sign-in did not work",
		},
		"nobody knows who": {
			set: func(d *desk) {
				d.google.Inject(fakegoogle.Fault{Method: "oauth2.userinfo", Failure: &fakegoogle.Failure{Code: 503, Message: "later"}})
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "who signed in", page: "The sign-in did not work",
		},
		"no refresh token": {
			set: func(d *desk) {
				d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
					resp, err := d.google.Transport().RoundTrip(r)
					return without(resp, err, "refresh_token")
				})}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "no refresh token", page: "no refresh token",
		},
		"a clock that is wrong": {
			set:  func(d *desk) { d.HTTP = &http.Client{Transport: dateOf(d, -3*time.Hour)} },
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "3h0m0s ahead", page: "clock",
		},
		"a clock that certificates see": {
			set: func(d *desk) {
				d.HTTP = &http.Client{Transport: through(func(*http.Request) (*http.Response, error) {
					return nil, x509.CertificateInvalidError{Reason: x509.Expired}
				})}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "certificate", page: "clock",
		},
		"a vault that takes nothing": {
			set: func(d *desk) {
				d.shelf.fail = func(op, key string) error {
					if op == "set" && strings.HasPrefix(key, "profile:") {
						return errTest
					}
					return nil
				}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "out of order", page: "The sign-in did not work",
		},
		"an index that takes nothing": {
			set: func(d *desk) {
				d.book.fail = func(op string) error {
					if op == "save" {
						return errTest
					}
					return nil
				}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "out of order", page: "The sign-in did not work",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if c.set != nil {
				c.set(d)
			}
			d.owner(c.act)
			_, err := d.Add(t.Context(), want)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "not-so-secret") {
				t.Errorf("Add: %v; want %q", err, c.says)
			}
			if page := d.page(); !strings.Contains(page, c.page) {
				t.Errorf("the page does not say %q:\n%s", c.page, page)
			}
			d.nothingWritten()
			if n := d.google.Count("oauth2.revoke"); n > 0 {
				t.Error("a permission was taken back, of which other computers may live")
			}
		})
	}
}

// without takes a field out of a JSON answer.
func without(resp *http.Response, err error, field string) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	return edit(resp, func(m map[string]any) { delete(m, field) })
}

// dateOf is a Google whose clock is off by d.
func dateOf(d *desk, off time.Duration) http.RoundTripper {
	return through(func(r *http.Request) (*http.Response, error) {
		resp, err := d.google.Transport().RoundTrip(r)
		if err == nil {
			resp.Header.Set("Date", d.clock().Add(off).UTC().Format(http.TimeFormat))
		}
		return resp, err
	})
}

func TestAnAnswerOfAnotherSignInIsNotTaken(t *testing.T) {
	d := newDesk(t)
	d.owner(func(v *visit) {
		redirect := v.query().Get("redirect_uri")
		if page := v.back(redirect + "?code=stolen&state=guess"); !strings.Contains(page, "does not belong to the sign-in") {
			t.Errorf("the page for a wrong state:\n%s", page)
		}
		if resp, err := http.Get(strings.TrimSuffix(redirect, callbackPath) + "/favicon.ico"); err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("another path: %v, %v", resp, err)
		}
		req, _ := http.NewRequest(http.MethodGet, redirect+"?code=x&state="+v.query().Get("state"), nil)
		req.Host = "attacker.example"
		if resp, err := http.DefaultTransport.RoundTrip(req); err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("another host: %v, %v", resp, err)
		}
		v.back(v.consent("ada@example.com", "allow", readMail))
	})
	if _, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}); err != nil {
		t.Errorf("the right answer came after it: %v", err)
	}
	if !strings.Contains(d.said(), "does not belong to this sign-in") {
		t.Errorf("the owner was told %q", d.said())
	}
}

func TestASecondAnswerIsToldSo(t *testing.T) {
	d := newDesk(t)
	taken, told := make(chan struct{}), make(chan struct{})
	d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "oauth2.googleapis.com" { // the first answer is being taken
			close(taken)
			<-told
		}
		return d.google.Transport().RoundTrip(r)
	})}
	d.owner(func(v *visit) {
		address := v.consent("ada@example.com", "allow", readMail)
		v.visits.Go(func() { v.back(address) })
		<-taken
		body, resp := v.read(v.client.Get(address))
		if resp.StatusCode != http.StatusConflict || !strings.Contains(body, "answered already") {
			t.Errorf("the second answer: %d\n%s", resp.StatusCode, body)
		}
		close(told)
	})
	if _, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}); err != nil {
		t.Errorf("the first answer: %v", err)
	}
	if n := len(d.book.snapshot()); n != 1 {
		t.Errorf("%d profiles", n)
	}
}

func TestASignInEndsInTime(t *testing.T) {
	d := newDesk(t)
	d.Limit = time.Millisecond
	_, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}})
	if !errors.Is(err, ErrTimeout) {
		t.Errorf("Add: %v, want ErrTimeout", err)
	}
	if !strings.Contains(d.said(), "https://accounts.google.com/") {
		t.Errorf("without a browser the owner was told %q", d.said())
	}
	d.nothingWritten()
}

func TestASignInCanBeCancelled(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.owner(func(*visit) { cancel() })
	if _, err := d.Add(ctx, SignIn{Name: "work", Scopes: []string{readMail}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Add: %v, want context.Canceled", err)
	}
	d.nothingWritten()
}

func TestASignInCancelledAmidItsWritesTakesThemBack(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.shelf.fail = func(op, key string) error {
		if op == "set" && strings.HasPrefix(key, "profile:") {
			cancel() // the credentials are being written, the index is next
		}
		return nil
	}
	d.allow("ada@example.com", readMail)
	if _, err := d.Add(ctx, SignIn{Name: "work", Scopes: []string{readMail}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Add: %v, want context.Canceled", err)
	}
	d.nothingWritten()
}

func TestASignInThatLosesItsPort(t *testing.T) {
	d := newDesk(t)
	var port net.Listener
	d.Listen = func(network, address string) (l net.Listener, err error) {
		port, err = net.Listen(network, address)
		return port, err
	}
	d.owner(func(*visit) { port.Close() })
	_, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}})
	if err == nil || !strings.Contains(err.Error(), "port for Google's answer is gone") {
		t.Errorf("Add: %v", err)
	}
	d.Listen = func(string, string) (net.Listener, error) { return nil, errTest }
	if _, err = d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}); !errors.Is(err, errTest) || !strings.Contains(err.Error(), "opening a port") {
		t.Errorf("Add: %v", err)
	}
	d.nothingWritten()
}

func TestAWebClientIsAnsweredWhereItIsRegistered(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	d := newDesk(t)
	uri := "http://localhost:" + port + "/back"
	d.google.AddClient(fakegoogle.Client{ID: "2.apps.googleusercontent.com", Secret: "web-secret", Kind: fakegoogle.Web, RedirectURIs: []string{"https://site.example/", uri}})
	if _, err := ImportGoogleClient(t.Context(), d.shelf, []byte(`{"web":{"client_id":"2.apps.googleusercontent.com","client_secret":"web-secret","redirect_uris":["https://site.example/","`+uri+`"]}}`)); err != nil {
		t.Fatal(err)
	}
	d.allow("ada@example.com", readMail)
	if _, err := d.Add(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}); err != nil {
		t.Errorf("Add: %v", err)
	}
}

func TestAddRefusesBeforeItAsks(t *testing.T) {
	d := newDesk(t)
	d.add("work", readMail)
	d.owner(func(*visit) { t.Error("the browser was opened") })
	for name, want := range map[string]string{"": "cannot be", "all": "every profile", "a b": "cannot be", "../x": "cannot be", "-x": "cannot be", "WORK": "taken"} {
		if _, err := d.Add(t.Context(), SignIn{Name: name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Add(%q): %v; want %q", name, err, want)
		}
	}
	if err := RemoveGoogleClient(t.Context(), d.shelf); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Add(t.Context(), SignIn{Name: "home"}); !errors.Is(err, ErrNoGoogleClient) {
		t.Errorf("Add without a client: %v", err)
	}
}
