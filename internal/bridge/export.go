package bridge

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/internal/activity"
	"postern/internal/tool"
)

// Activity returns what clients did and what the owner decided about them, the newest first.
func (b *Bridge) Activity(ctx context.Context, f activity.Filter) ([]activity.Entry, error) {
	entries, err := b.Store.Entries(ctx, f)
	slices.Reverse(entries)
	return entries, err
}

// ClearActivity forgets what clients did and what was decided about them. That it was cleared stays in the record, so that
// nothing empties it unnoticed.
func (b *Bridge) ClearActivity(ctx context.Context) error {
	if err := b.Store.ClearActivity(ctx); err != nil {
		return err
	}
	b.record(ctx, activity.Entry{Event: activity.Cleared})
	return nil
}

// ExportActivity writes the entries that f selects, oldest first and all if it has no Limit, as "csv" for spreadsheets or
// "json".
func (b *Bridge) ExportActivity(ctx context.Context, w io.Writer, f activity.Filter, format string) error {
	var write func(io.Writer, []activity.Entry) error
	switch format {
	case "csv":
		write = writeCSV
	case "json":
		write = writeJSON
	default:
		return fmt.Errorf("exporting the activity: there is no format %q: there are csv and json", format)
	}
	if f.Limit <= 0 {
		f.Limit = math.MaxInt32
	}
	entries, err := b.Store.Entries(ctx, f)
	if err == nil {
		err = write(w, entries)
	}
	if err != nil {
		return fmt.Errorf("exporting the activity: %w", err)
	}
	return nil
}

func writeJSON(w io.Writer, entries []activity.Entry) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(entries)
}

var columns = []string{"time", "event", "client", "client_id", "origin", "address", "profile", "tool", "outcome", "code", "approval", "grant_id", "ms", "bytes_in", "bytes_out"}

func writeCSV(w io.Writer, entries []activity.Entry) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, e := range entries {
		row := []string{e.At.UTC().Format(time.RFC3339), string(e.Event), e.Client, e.ClientID, e.Origin, e.Address, e.Profile, e.Tool, string(e.Outcome), e.Code, e.Approval, e.GrantID,
			strconv.FormatInt(e.Duration.Milliseconds(), 10), strconv.Itoa(e.BytesIn), strconv.Itoa(e.BytesOut)}
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell is text for a spreadsheet, which takes what begins like a formula for one: a client could have its name run.
func cell(s string) string {
	s = tool.CleanLine(s)
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
