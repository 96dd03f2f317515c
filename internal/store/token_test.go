package store

import (
	"strings"
	"testing"
)

// TestATokenIsOneIndexedRead: no table is gone through to check one, however many there are.
func TestATokenIsOneIndexedRead(t *testing.T) {
	s := open(t, t.TempDir())
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+holderQuery, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	steps := 0
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps++
		if !strings.HasPrefix(step, "SEARCH ") || !strings.Contains(step, "INDEX") && !strings.Contains(step, "PRIMARY KEY") {
			t.Errorf("a step is %q", step)
		}
	}
	if err := rows.Err(); err != nil || steps != 3 {
		t.Errorf("%d steps, %v: want those of token, grant and client", steps, err)
	}
}
