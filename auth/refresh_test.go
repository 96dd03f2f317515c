package auth

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/internal/fakegoogle"
)

func TestRefreshAddsScopes(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	var merge, hint string
	d.pass(time.Hour)
	d.owner(func(v *visit) {
		merge, hint = v.query().Get("include_granted_scopes"), v.query().Get("login_hint")
		v.back(v.consent("ada@example.com", "allow", readMail, writeMail))
	})
	fresh, err := d.Refresh(t.Context(), "work", SignIn{Toolsets: []string{"gmail", "drive"}, Scopes: []string{readMail, writeMail}})
	if err != nil {
		t.Fatal(err)
	}
	if merge != "true" || hint != "ada@example.com" {
		t.Errorf("Google was asked include_granted_scopes=%q login_hint=%q", merge, hint)
	}
	if fresh.ID != one.ID || !fresh.AddedAt.Equal(one.AddedAt) || !fresh.SignedInAt.After(one.SignedInAt) || !slices.Contains(fresh.Scopes, writeMail) {
		t.Errorf("the profile is %+v", fresh)
	}
	if diff := cmp.Diff(fresh, d.book.snapshot()[one.ID]); diff != "" {
		t.Errorf("the index differs:\n%s", diff)
	}
	d.wantGet(one.ID)
}

func TestRefreshToLessDoesNotMerge(t *testing.T) {
	d := newDesk(t)
	d.add("work", readMail, writeMail)
	d.allow("ada@example.com", readMail)
	fresh, err := d.Refresh(t.Context(), "work", SignIn{ReadOnly: true, Scopes: []string{readMail}})
	if err != nil || slices.Contains(fresh.Scopes, writeMail) || !fresh.ReadOnly {
		t.Errorf("Refresh: %+v, %v", fresh, err)
	}
}

func TestRefreshBesideAnotherProfileDoesNotMerge(t *testing.T) {
	d := newDesk(t)
	d.add("full", readMail, writeMail)
	d.add("few", readMail)
	d.allow("ada@example.com", readMail)
	fresh, err := d.Refresh(t.Context(), "few", SignIn{Scopes: []string{readMail}})
	if err != nil || slices.Contains(fresh.Scopes, writeMail) {
		t.Errorf("Refresh: %+v, %v", fresh, err)
	}
}

func TestRefreshThatFailsChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(d *desk)
		act  func(v *visit)
		says string
	}{
		"another account": {
			act: func(v *visit) {
				v.address = strings.Replace(v.address, "ada%40example.com", "bob%40example.com", 1)
				v.back(v.consent("bob@example.com", "allow", readMail))
			},
			says: "this is bob@example.com, but profile \"work\" is ada@example.com",
		},
		"denied": {act: func(v *visit) { v.back(v.consent("ada@example.com", "deny")) }, says: "you said no"},
		"the index": {
			set: func(d *desk) {
				d.book.fail = func(op string) error {
					if op == "save" {
						return errTest
					}
					return nil
				}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "out of order",
		},
		"the vault": {
			set: func(d *desk) {
				d.shelf.fail = func(op, key string) error {
					if op == "set" {
						return errTest
					}
					return nil
				}
			},
			act:  func(v *visit) { v.back(v.consent("ada@example.com", "allow", readMail)) },
			says: "out of order",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			one := d.add("work", readMail)
			items, rows := d.shelf.snapshot(), d.book.snapshot()
			if c.set != nil {
				c.set(d)
			}
			d.owner(c.act)
			if _, err := d.Refresh(t.Context(), "work", SignIn{Scopes: []string{readMail}}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Refresh: %v; want %q", err, c.says)
			}
			d.visits.Wait()
			if diff := cmp.Diff(items, d.shelf.snapshot()); diff != "" {
				t.Errorf("the vault changed:\n%s", diff)
			}
			if diff := cmp.Diff(rows, d.book.snapshot()); diff != "" {
				t.Errorf("the index changed:\n%s", diff)
			}
			d.shelf.fail, d.book.fail = nil, nil
			d.forget(one.ID)
			d.wantGet(one.ID)
		})
	}
}

func TestRefreshEndsMustSignInAgain(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.google.RevokeGrant("ada@example.com")
	var again *SignInAgainError
	if _, err := d.get(one.ID); !errors.As(err, &again) || again.OwnerMust() != "postern profiles refresh work" {
		t.Fatalf("a call after the revocation: %v", err)
	}
	d.allow("ada@example.com", readMail)
	if _, err := d.Refresh(t.Context(), "work", SignIn{Scopes: []string{readMail}}); err != nil {
		t.Fatal(err)
	}
	if got := d.book.snapshot()[one.ID]; got.State != Valid || got.Reason != "" {
		t.Errorf("the profile is %+v", got)
	}
	d.wantGet(one.ID)
}

func TestRemoveRevokes(t *testing.T) {
	d := newDesk(t)
	d.add("work", readMail)
	one, warning, err := d.Remove(t.Context(), "ada@example.com")
	if err != nil || warning != "" || one.Name != "work" {
		t.Errorf("Remove: %+v, %q, %v", one, warning, err)
	}
	if n := d.google.Count("oauth2.revoke"); n != 1 {
		t.Errorf("Google was asked %d times", n)
	}
	d.nothingWritten()
	if _, err := d.get(one.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a call as the removed profile: %v", err)
	}
}

func TestRemoveSaysWhatStillStands(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(d *desk, one Profile)
		says string
		asks int
	}{
		"no network": {func(d *desk, _ Profile) { d.google.Inject(fakegoogle.Fault{Method: "oauth2.revoke", Cut: true}) }, "could not be taken back", 1},
		"refused": {func(d *desk, _ Profile) {
			d.google.Inject(fakegoogle.Fault{Method: "oauth2.revoke", Failure: &fakegoogle.Failure{Code: 503, Message: "later"}})
		}, "503", 1},
		"lost from the vault": {func(d *desk, one Profile) { delete(d.shelf.items, credentialKey(one.ID)) }, "were not in the shelf", 0},
		"damaged":             {func(d *desk, one Profile) { d.shelf.items[credentialKey(one.ID)] = "split:x" }, "still stands", 0},
		"shared":              {func(d *desk, _ Profile) { d.add("second", readMail) }, `profile "second" uses it, too`, 0},
		"perhaps shared": {func(d *desk, one Profile) {
			lists := 0
			d.book.fail = func(op string) error {
				if op == "list" {
					if lists++; lists > 1 {
						return errTest
					}
				}
				return nil
			}
		}, "another profile may use it", 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			one := d.add("work", readMail)
			c.set(d, one)
			_, warning, err := d.Remove(t.Context(), "work")
			if err != nil || !strings.Contains(warning, c.says) {
				t.Errorf("Remove: %q, %v; want %q", warning, err, c.says)
			}
			if n := d.google.Count("oauth2.revoke"); n != c.asks {
				t.Errorf("Google was asked %d times, want %d", n, c.asks)
			}
			if _, ok := d.book.snapshot()[one.ID]; ok {
				t.Error("the profile is still there")
			}
		})
	}
}

func TestRemoveThatCannotForgetKeepsTheProfile(t *testing.T) {
	d := newDesk(t)
	one := d.add("work", readMail)
	d.shelf.fail = func(op, _ string) error {
		if op == "delete" {
			return errTest
		}
		return nil
	}
	if _, _, err := d.Remove(t.Context(), "work"); !errors.Is(err, errTest) {
		t.Errorf("Remove: %v", err)
	}
	d.shelf.fail = nil
	d.wantGet(one.ID)
}

func TestNamesOfProfiles(t *testing.T) {
	d := newDesk(t)
	work := d.add("work", readMail)
	d.add("home", readMail)
	if _, err := d.Find(t.Context(), "ada@example.com"); err == nil || !strings.Contains(err.Error(), "several") {
		t.Errorf("Find of an email that two have: %v", err)
	}
	if _, err := d.Find(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "home, work") {
		t.Errorf("Find of nobody: %v", err)
	}
	if _, err := d.Rename(t.Context(), "work", "HOME"); !errors.Is(err, ErrNameTaken) {
		t.Errorf("Rename to a name that is taken: %v", err)
	}
	if one, err := d.Rename(t.Context(), "WORK", "office"); err != nil || one.ID != work.ID || one.Name != "office" {
		t.Errorf("Rename: %+v, %v", one, err)
	}
	if _, err := d.Use(t.Context(), "office"); err != nil || d.book.preset != work.ID {
		t.Errorf("Use: %v, default %q", err, d.book.preset)
	}
	d.wantGet(work.ID)
}
