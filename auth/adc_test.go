package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/auth/vault"
)

func writeJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "adc.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gcloud returns credentials as gcloud keeps them, of a sign-in by ada.
func gcloud(t *testing.T, d *desk) map[string]string {
	t.Helper()
	one := d.add("gcloud", readMail)
	c, err := loadCredential(t.Context(), d.shelf, one.ID)
	if err != nil {
		t.Fatal(err)
	}
	delete(d.book.profiles, one.ID)
	delete(d.shelf.items, credentialKey(one.ID))
	return map[string]string{"type": "authorized_user", "client_id": c.ClientID, "client_secret": c.ClientSecret, "refresh_token": c.Refresh, "quota_project_id": "billed"}
}

// service makes a service account known and returns its key file. 4096 bits do not fit one item of a vault.
func service(t *testing.T, d *desk, bits int) map[string]string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const email = "robot@project.iam.gserviceaccount.com"
	d.google.AddServiceAccount(email, &key.PublicKey)
	return map[string]string{"type": "service_account", "client_email": email, "private_key_id": "k", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "client_id": "1", "universe_domain": "googleapis.com"}
}

// billed is a transport that notes the project that calls are billed to.
func billed(d *desk, project *string) {
	d.HTTP = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "gmail.googleapis.com" {
			*project = r.Header.Get("X-Goog-User-Project")
		}
		return d.google.Transport().RoundTrip(r)
	})}
}

func TestAddADCOfAPerson(t *testing.T) {
	d := newDesk(t)
	path := writeJSON(t, gcloud(t, d))
	var project string
	billed(d, &project)
	one, err := d.AddADC(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}, path)
	if err != nil {
		t.Fatal(err)
	}
	if one.Kind != AuthorizedUser || one.Email != "ada@example.com" || one.State != Valid || one.QuotaProject != "billed" {
		t.Errorf("the profile is %+v", one)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d.forget(one.ID)
	d.wantGet(one.ID)
	if project != "billed" {
		t.Errorf("the call is billed to %q", project)
	}
	if got, err := d.Check(t.Context(), "work"); err != nil || got.State != Valid {
		t.Errorf("Check: %+v, %v", got, err)
	}
	if _, warning, err := d.Remove(t.Context(), "work"); err != nil || !strings.Contains(warning, "gcloud") {
		t.Errorf("Remove: %q, %v", warning, err)
	}
	if d.google.Count("oauth2.revoke") != 0 {
		t.Error("gcloud's own sign-in was taken back")
	}
}

func TestAddADCOfAServiceAccount(t *testing.T) {
	for _, bits := range []int{2048, 4096} {
		d := newDesk(t)
		one, err := d.AddADC(t.Context(), SignIn{Name: "robot", Scopes: []string{readMail}}, writeJSON(t, service(t, d, bits)))
		if err != nil {
			t.Fatal(err)
		}
		if one.Kind != ServiceAccount || one.Email != "robot@project.iam.gserviceaccount.com" || one.State != Valid {
			t.Errorf("the profile is %+v", one)
		}
		items := d.shelf.snapshot()
		if bits == 4096 && len(items) < 4 {
			t.Errorf("a key of %d bits lies in %d items", bits, len(items)-1)
		}
		for key, value := range items {
			if len(value) > vault.MaxValue {
				t.Errorf("item %s has %d bytes", key, len(value))
			}
		}
		d.forget(one.ID)
		d.wantGet(one.ID)
		if _, warning, err := d.Remove(t.Context(), "robot"); err != nil || !strings.Contains(warning, "Google Cloud") {
			t.Errorf("Remove: %q, %v", warning, err)
		}
		d.nothingWritten()
	}
}

func TestAServiceAccountThatGoogleRefuses(t *testing.T) {
	d := newDesk(t)
	one, err := d.AddADC(t.Context(), SignIn{Name: "robot", Scopes: []string{readMail}}, writeJSON(t, service(t, d, 2048)))
	if err != nil {
		t.Fatal(err)
	}
	service(t, d, 2048) // its key was replaced
	d.forget(one.ID)
	var again *SignInAgainError
	if _, err := d.get(one.ID); !errors.As(err, &again) || !strings.Contains(again.Reason, "Invalid JWT Signature") {
		t.Errorf("a call: %v", err)
	}
}

func TestAServiceAccountWithAWrongClock(t *testing.T) {
	d := newDesk(t)
	one, err := d.AddADC(t.Context(), SignIn{Name: "robot", Scopes: []string{readMail}}, writeJSON(t, service(t, d, 2048)))
	if err != nil {
		t.Fatal(err)
	}
	d.forget(one.ID)
	d.google.Now = func() time.Time { return time.Now().Add(5 * time.Hour) } // assertions are dated by the system's clock
	if _, err := d.get(one.ID); !errors.Is(err, ErrClock) {
		t.Errorf("a call: %v, want ErrClock", err)
	}
	if got := d.book.snapshot()[one.ID]; got.State != Valid {
		t.Errorf("the profile is %q", got.State)
	}
}

func TestAddADCRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file any
		says string
	}{
		"external account":     {map[string]string{"type": "external_account"}, `"external_account"`},
		"impersonation":        {map[string]string{"type": "impersonated_service_account"}, `"impersonated_service_account"`},
		"an OAuth client":      {json.RawMessage(installedJSON), "google-client import"},
		"half a person":        {map[string]string{"type": "authorized_user", "client_id": "x"}, "not complete"},
		"half a service":       {map[string]string{"type": "service_account", "client_email": "x"}, "not complete"},
		"another cloud":        {map[string]string{"type": "service_account", "client_email": "x", "private_key": "y", "universe_domain": "cloud.example"}, `"cloud.example"`},
		"a dead refresh token": {map[string]string{"type": "authorized_user", "client_id": clientID, "client_secret": "not-so-secret", "refresh_token": "dead"}, "refuses"},
		"a key that is no key": {map[string]string{"type": "service_account", "client_email": "x", "private_key": "y"}, "trying the credentials"},
		"no object":            {[]int{1}, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			_, err := d.AddADC(t.Context(), SignIn{Name: "work", Scopes: []string{readMail}}, writeJSON(t, c.file))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("AddADC: %v; want %q", err, c.says)
			}
			d.nothingWritten()
		})
	}
	d := newDesk(t)
	if _, err := d.AddADC(t.Context(), SignIn{Name: "work"}, filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(err.Error(), "gcloud auth application-default login") {
		t.Errorf("AddADC without a file: %v", err)
	}
}

func TestAddADCThatCannotBeKeptLeavesNothing(t *testing.T) {
	for name, set := range map[string]func(d *desk){
		"index": func(d *desk) {
			d.book.fail = func(op string) error {
				if op == "save" {
					return errTest
				}
				return nil
			}
		},
		"second part": func(d *desk) {
			sets := 0
			d.shelf.fail = func(op, _ string) error {
				if op == "set" {
					if sets++; sets == 2 {
						return errTest
					}
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			path := writeJSON(t, service(t, d, 4096))
			set(d)
			if _, err := d.AddADC(t.Context(), SignIn{Name: "robot", Scopes: []string{readMail}}, path); !errors.Is(err, errTest) {
				t.Errorf("AddADC: %v", err)
			}
			d.nothingWritten()
		})
	}
}

func TestRefreshReadsADCAgain(t *testing.T) {
	d := newDesk(t)
	one, err := d.AddADC(t.Context(), SignIn{Name: "robot", Scopes: []string{readMail}}, writeJSON(t, service(t, d, 4096)))
	if err != nil {
		t.Fatal(err)
	}
	before := len(d.shelf.snapshot())
	d.ADC = writeJSON(t, service(t, d, 4096)) // a new key of the same account
	d.pass(time.Minute)
	fresh, err := d.Refresh(t.Context(), "robot", SignIn{Scopes: []string{readMail}})
	if err != nil || fresh.ID != one.ID || !fresh.SignedInAt.After(one.SignedInAt) {
		t.Fatalf("Refresh: %+v, %v", fresh, err)
	}
	if n := len(d.shelf.snapshot()); n != before {
		t.Errorf("%d items, want %d: parts of the old key are left", n, before)
	}
	d.forget(one.ID)
	d.wantGet(one.ID)

	items, rows := d.shelf.snapshot(), d.book.snapshot()
	d.ADC = writeJSON(t, gcloud(t, d))
	if _, err := d.Refresh(t.Context(), "robot", SignIn{Scopes: []string{readMail}}); err == nil || !strings.Contains(err.Error(), "ada@example.com") {
		t.Errorf("Refresh with the credentials of another: %v", err)
	}
	if diff := cmp.Diff(items, d.shelf.snapshot()) + cmp.Diff(rows, d.book.snapshot()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
}

func TestDefaultADC(t *testing.T) {
	env := map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/x.json", "HOME": "/home/ada", "APPDATA": "/home/ada"}
	getenv := func(name string) string { return env[name] }
	if got := DefaultADC(getenv); got != "/x.json" {
		t.Errorf("DefaultADC = %q", got)
	}
	delete(env, "GOOGLE_APPLICATION_CREDENTIALS")
	if got := DefaultADC(getenv); !strings.HasPrefix(got, "/home/ada") && !strings.HasPrefix(got, `\home`) || !strings.Contains(got, "gcloud") {
		t.Errorf("DefaultADC = %q", got)
	}
}
