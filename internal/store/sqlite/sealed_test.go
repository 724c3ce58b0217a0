package sqlite_test

import (
	"testing"

	"github.com/aritma/entra-onboard/internal/store/storetest"
)

func TestEverySealedColumnIsKnown(t *testing.T) {
	path := newPath(t)
	open(t, path)
	rows, err := raw(t, path).QueryContext(t.Context(), `
		SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.type = 'BLOB' AND t.name NOT LIKE 'setup_search%'`)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var columns []string
	for rows.Next() {
		var column string
		must(t, rows.Scan(&column))
		columns = append(columns, column)
	}
	must(t, rows.Err())
	storetest.WantBinary(t, columns)
}
