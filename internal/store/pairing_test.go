package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
	"postern/server/oauth"
)

func TestPairingCodes(t *testing.T) {
	s, now := open(t, t.TempDir()), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	given := approval.Terms{Profiles: []string{"p"}, Scopes: []string{"gmail:read"}}
	add := func(code string) {
		t.Helper()
		if err := s.AddPairingCode(t.Context(), []byte(code), given, now.Add(10*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(code string, at time.Time, want int) {
		t.Helper()
		if terms, left, err := s.RedeemPairingCode(t.Context(), []byte(code), at, nil); !errors.Is(err, oauth.ErrCode) || left != want || terms.Scopes != nil {
			t.Errorf("%q: %+v, %d left, %v; want %d left", code, terms, left, err, want)
		}
	}
	refused("none yet", now, 0)
	add("one")
	if got, _, err := s.RedeemPairingCode(t.Context(), []byte("one"), now, nil); err != nil || cmp.Diff(given, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	refused("one", now, 0)
	add("two")
	unfit := errors.New("not on offer")
	for range 6 { // neither taken nor a wrong try
		if _, _, err := s.RedeemPairingCode(t.Context(), []byte("two"), now, func(got approval.Terms) error {
			if cmp.Diff(given, got) != "" {
				t.Errorf("%+v is looked at", got)
			}
			return unfit
		}); !errors.Is(err, unfit) {
			t.Errorf("%v", err)
		}
	}
	for left := 4; left >= 0; left-- {
		refused("wrong", now, left)
	}
	refused("two", now, 0)
	add("three")
	refused("three", now.Add(10*time.Minute), 0)
	add("four")
	if err := s.DropPairingCodes(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused("four", now, 0)
}
