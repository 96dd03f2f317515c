package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/internal/activity"
)

// TestNamesakesAreToldApart: two clients that call themselves the same are selected by their ids.
func TestNamesakesAreToldApart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i, id := range []string{"mcpc_one", "mcpc_other", "https://claude.ai/x", ""} {
		s.Record(t.Context(), activity.Entry{At: time.Unix(int64(i), 0), Client: "Claude", ClientID: id, GrantID: "g", Address: "public", Tool: "t", Outcome: activity.OK})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	for filter, want := range map[string][]int64{
		"Claude": {1, 2, 3, 4}, "mcpc_one": {1}, "mcpc_o": {1, 2}, "ot": {2}, "https://claude.ai": {3}, "claude.ai": {3}, "claude": {3}, "one_": nil, "%": nil,
	} {
		entries, err := s.Entries(t.Context(), activity.Filter{Client: filter})
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, e := range entries {
			got = append(got, e.Seq)
			if e.Event != activity.Call || e.GrantID != "g" || e.Address != "public" {
				t.Errorf("%+v", e)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", filter, diff)
		}
	}
}

func TestToolsUsed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i, e := range []activity.Entry{
		{GrantID: "a", Tool: "gmail_send", Outcome: activity.OK},
		{GrantID: "a", Tool: "gmail_search", Outcome: activity.OK},
		{GrantID: "a", Tool: "gmail_search", Outcome: activity.Failed, Code: "invalid_argument"},
		{GrantID: "b", Tool: "gmail_search", Outcome: activity.OK},
		{GrantID: "b", Tool: "gmail_send", Outcome: activity.Pending},
		{GrantID: "b", Tool: "gmail_send", Outcome: activity.Denied},
		{GrantID: "b", Tool: "whatever it likes", Outcome: activity.Failed, Code: activity.UnknownTool},
		{GrantID: "b", Tool: "gmail_modify", Event: activity.Widened, Outcome: activity.OK},
		{Tool: "gmail_search", Outcome: activity.OK},
	} {
		e.At = time.Unix(int64(i)+1, 0).UTC()
		s.Record(t.Context(), e)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	want := map[string][]activity.Use{
		"a": {{Tool: "gmail_search", Calls: 2, LastAt: time.Unix(3, 0).UTC()}, {Tool: "gmail_send", Calls: 1, LastAt: time.Unix(1, 0).UTC()}},
		"b": {{Tool: "gmail_search", Calls: 1, LastAt: time.Unix(4, 0).UTC()}},
	}
	got, err := s.ToolsUsed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ToolsUsed (-want +got):\n%s", diff)
	}
}

// TestOldActivityIsKept: a file from before clients had ids in it is read on.
func TestOldActivityIsKept(t *testing.T) {
	const before = 3 // steps
	dir := t.TempDir()
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, FileName)))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range append(append([]string{}, migrations[:before]...), fmt.Sprintf("PRAGMA user_version = %d", before),
		`INSERT INTO activity (owner_id, at, client, origin, profile, tool, outcome, code, approval, duration_ns, bytes_in, bytes_out)
		VALUES ('owner', 5, 'Claude', '', 'work', 'gmail_search', 'ok', '', '', 1, 2, 3)`) {
		if _, err := db.ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	want := []activity.Entry{{Seq: 1, At: time.Unix(0, 5).UTC(), Event: activity.Call, Client: "Claude", Profile: "work", Tool: "gmail_search", Outcome: activity.OK, Duration: 1, BytesIn: 2, BytesOut: 3}}
	got, err := open(t, dir).Entries(t.Context(), activity.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Entries (-want +got):\n%s", diff)
	}
}
