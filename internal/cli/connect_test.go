package cli

import (
	"strings"
	"testing"
	"time"
)

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"never": {}, "12h": now.Add(12 * time.Hour), "30d": now.AddDate(0, 0, 30), "3650d": now.AddDate(0, 0, 3650), "87600h": now.Add(87600 * time.Hour),
	} {
		if got, err := expiry(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0d", "-1h", "3651d", "87601h", "2500000h", "9999999999h", "soon", "999999999999999999999d"} {
		if got, err := expiry(s, now); err == nil || !strings.Contains(err.Error(), "3650d") {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
}
