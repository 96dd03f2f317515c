package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
)

// TestMain lets the test binary be another process of Postern, see startOthers.
func TestMain(m *testing.M) {
	if dir := os.Getenv("POSTERN_CRASH_TEST"); dir != "" {
		if err := live(dir, os.Args[1], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv("POSTERN_MIGRATE_TEST"); dir != "" {
		fmt.Fprintln(os.Stderr, migrateForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv("POSTERN_STORE_TEST"); dir != "" {
		if err := other(dir, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// other is what another process does: it opens the store, answers every approval, and records what it did.
func other(dir, name string) error {
	ctx := context.Background()
	s, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	open, err := s.Approvals(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		err := s.SettleApproval(ctx, r.ID, approval.Approved, &approval.Answer{Approved: true, Reason: name}, time.Unix(1, 0))
		if err != nil && !errors.Is(err, approval.ErrSettled) {
			return err
		}
		if err == nil {
			s.Record(ctx, activity.Entry{At: time.Unix(1, 0), Client: name, Tool: r.ID, Outcome: activity.OK})
		}
	}
	return errors.Join(s.SetSetting(ctx, "by", name), s.Close())
}

// runOthers runs n processes on dir at once, to their end.
func runOthers(t *testing.T, dir string, n int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for i := range n {
		go func() {
			cmd := exec.Command(self, strconv.Itoa(i))
			cmd.Env = append(os.Environ(), "POSTERN_STORE_TEST="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestProcessesMakeTheStoreAtOnce(t *testing.T) {
	for range 3 {
		dir := t.TempDir()
		runOthers(t, dir, 4)
		s := open(t, dir)
		if _, ok, err := s.Setting(t.Context(), "by"); !ok || err != nil {
			t.Errorf("Setting: %v, %v", ok, err)
		}
		if n, err := s.version(t.Context()); n != len(migrations) || err != nil {
			t.Errorf("version %d, %v", n, err)
		}
	}
}

func TestProcessesSettleAnApprovalOnce(t *testing.T) {
	const n = 40
	dir := t.TempDir()
	s := open(t, dir)
	for i := range n {
		if err := s.AddApproval(t.Context(), approval.Request{ID: fmt.Sprintf("a%02d", i), State: approval.Pending, ExpiresAt: time.Unix(2, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	runOthers(t, dir, 3)
	took, err := s.Entries(t.Context(), activity.Filter{Limit: 10 * n})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for _, e := range took {
		if was, twice := by[e.Tool]; twice {
			t.Errorf("%s was settled by %s and %s", e.Tool, was, e.Client)
		}
		by[e.Tool] = e.Client
	}
	settled, err := s.Approvals(t.Context(), approval.Approved)
	if err != nil || len(settled) != n || len(by) != n {
		t.Fatalf("%d are approved, %d processes say so (%v), want %d", len(settled), len(by), err, n)
	}
	for _, r := range settled {
		if r.Answer.Reason != by[r.ID] {
			t.Errorf("%s holds the answer of %s, but %s settled it", r.ID, r.Answer.Reason, by[r.ID])
		}
	}
}
