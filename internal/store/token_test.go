package store

import (
	"strings"
	"testing"
)

// TestHolderIsReadByIndex: a token is found, or not, without a look at any other.
func TestHolderIsReadByIndex(t *testing.T) {
	s := open(t, t.TempDir())
	rows, err := s.db.Query("EXPLAIN QUERY PLAN "+holderQuery, []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if plan = append(plan, detail); !strings.HasPrefix(detail, "SEARCH ") || !strings.Contains(detail, "=?)") {
			t.Errorf("a step of the plan: %s", detail)
		}
	}
	if err := rows.Err(); err != nil || len(plan) != 3 || !strings.Contains(plan[0], "PRIMARY KEY (hash=?)") {
		t.Errorf("the plan %q, %v", plan, err)
	}
}
