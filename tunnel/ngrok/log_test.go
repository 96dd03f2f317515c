package ngrok

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestTheSDKIsHeardByWhoListens: its log is not for the owner's terminal, and never holds the authtoken.
func TestTheSDKIsHeardByWhoListens(t *testing.T) {
	const token = "2abc_authtoken"
	for level, heard := range map[slog.Level]bool{slog.LevelWarn: false, slog.LevelInfo: false, slog.LevelDebug: true} {
		var out bytes.Buffer
		log := slog.New(discreet{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}), token})
		log.Error("failed to reconnect session with "+token, "err", "the token "+token)
		log.With("of", token).WithGroup("g").Warn("retrying", "with", []string{token})
		if got := out.String(); strings.Contains(got, token) || (strings.Count(got, "\n") == 2) != heard || heard && !strings.Contains(got, "level=DEBUG") {
			t.Errorf("at %v: %q", level, got)
		}
	}
}
