package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/store/postgrestest"
	"github.com/aritma/entra-onboard/internal/store/storetest"
)

func TestEverySealedColumnIsKnown(t *testing.T) {
	address := postgrestest.Database(t)
	open(t, address)
	rows, err := raw(t, address).Query(t.Context(), `
		SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'bytea'`)
	must(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	storetest.WantBinary(t, columns)
}
