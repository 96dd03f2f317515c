package bridge

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/internal/activity"
)

func TestExportingTheActivity(t *testing.T) {
	b := openAt(t, Config{})
	now := time.Now()
	for i, client := range []string{`=HYPERLINK("http://x")`, "+1", "-1", "@x", "a,\"b\"\nc\u202e", "plain", "plain"} {
		b.Store.Record(t.Context(), activity.Entry{At: now.Add(time.Duration(i) * time.Second), Client: client, Tool: "gmail_search", Outcome: activity.OK, Duration: 7 * time.Millisecond})
	}
	within(t, "the record", func() bool {
		all, err := b.Activity(t.Context(), activity.Filter{})
		return err == nil && len(all) == 7
	})
	newest, err := b.Activity(t.Context(), activity.Filter{Client: "plain", Limit: 1})
	if err != nil || len(newest) != 1 || !newest[0].At.Equal(now.Add(6*time.Second)) {
		t.Errorf("the newest of one client: %+v, %v", newest, err)
	}

	var out strings.Builder
	if err := b.ExportActivity(t.Context(), &out, activity.Filter{}, "csv"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 8 {
		t.Fatalf("%d rows, %v:\n%s", len(rows), err, out.String())
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.ContainsAny(cell, "\n\u202e") {
				t.Errorf("a cell %q", cell)
			}
		}
	}
	client, ms := slices.Index(rows[0], "client"), slices.Index(rows[0], "ms")
	if rows[1][client] != `'=HYPERLINK("http://x")` || rows[7][client] != "plain" || rows[7][ms] != "7" { // the oldest first
		t.Errorf("rows %q", rows)
	}

	out.Reset()
	if err := b.ExportActivity(t.Context(), &out, activity.Filter{Client: "plain"}, "json"); err != nil {
		t.Fatal(err)
	}
	var entries []activity.Entry
	if err := json.Unmarshal([]byte(out.String()), &entries); err != nil || len(entries) != 2 || entries[0].Client != "plain" {
		t.Errorf("%v, %v", entries, err)
	}
	if err := b.ExportActivity(t.Context(), &out, activity.Filter{}, "xlsx"); err == nil || !strings.Contains(err.Error(), "csv and json") {
		t.Errorf("another format: %v", err)
	}
	if err := b.ExportActivity(t.Context(), broken{}, activity.Filter{}, "csv"); !errors.Is(err, errBroken) {
		t.Errorf("a full disk: %v", err)
	}
	if err := b.ClearActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []activity.Entry
	within(t, "the record of it", func() bool {
		var err error
		all, err = b.Activity(t.Context(), activity.Filter{})
		return err == nil && len(all) > 0
	})
	if len(all) != 1 || all[0].Event != activity.Cleared || all[0].Client != "" || all[0].Outcome != activity.OK || all[0].At.IsZero() {
		t.Errorf("cleared: %+v", all)
	}
}

var errBroken = errors.New("no space left")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
