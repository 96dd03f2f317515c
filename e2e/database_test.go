//go:build e2e

package e2e

import (
	"database/sql"
	"fmt"
	"testing"

	_ "modernc.org/sqlite" // to read the state as a thief would
)

// database is the name of the database in the state directory.
const database = "postern.db"

// value is one value of a database.
type value struct {
	table, column string
	value         string
	blob          bool
}

// openDatabase opens the database of a state directory, which a bridge may have open too.
func openDatabase(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// values returns every text and blob of a database, of whatever table and column.
func values(t *testing.T, path string) (all []value) {
	t.Helper()
	db := openDatabase(t, path)
	defer db.Close()
	var tables []string
	each := func(query string, row func(columns []string, cells []any)) {
		t.Helper()
		rows, err := db.Query(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells, to := make([]any, len(columns)), make([]any, len(columns))
			for i := range cells {
				to[i] = &cells[i]
			}
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
			row(columns, cells)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	each("SELECT name FROM sqlite_schema WHERE type = 'table'", func(_ []string, cells []any) {
		tables = append(tables, fmt.Sprint(cells[0]))
	})
	if len(tables) == 0 {
		t.Fatalf("%s has no tables", path)
	}
	for _, table := range tables {
		each(`SELECT * FROM "`+table+`"`, func(columns []string, cells []any) {
			for i, c := range cells {
				switch c := c.(type) {
				case string:
					all = append(all, value{table, columns[i], c, false})
				case []byte:
					all = append(all, value{table, columns[i], string(c), true})
				}
			}
		})
	}
	return all
}
