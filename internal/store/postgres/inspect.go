package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store"
)

// oldest is the oldest version of the server that will do, as server_version_num.
const oldest = 130000

// Valid returns ErrAddress when an address is none.
func Valid(address secret.Secret) error {
	_, err := parse(address)
	return err
}

// Inspect looks at the database at an address, in transactions that the server keeps from writing. No error holds the address.
func Inspect(ctx context.Context, address secret.Secret) (state store.State, err error) {
	if state.Program, err = latest(); err != nil {
		return state, err
	}
	config, err := parse(address)
	if err != nil {
		return state, err
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return state, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var version string
	var number int
	var standby, versioned, proven, create bool
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int, pg_is_in_recovery(),
		to_regclass('goose_db_version') IS NOT NULL, to_regclass('key_proof') IS NOT NULL,
		coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)`).Scan(&version, &number, &standby, &versioned, &proven, &create)
	if err != nil {
		return state, err
	}
	version, _, _ = strings.Cut(version, " ")
	state.Engine = "PostgreSQL " + version
	if versioned {
		if err := conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&state.Schema); err != nil {
			return state, err
		}
	}
	switch {
	case number < oldest:
		state.Unwritable = "PostgreSQL 13 or newer is needed"
	case standby:
		state.Unwritable = "it is a standby, which cannot be written: name the primary"
	case state.Schema < state.Program && !create:
		state.Unwritable = "the user may not make tables there: have CREATE on the database and its schema granted"
	}
	if !proven {
		return state, nil
	}
	var proof []byte
	if err := conn.QueryRow(ctx, `SELECT sealed FROM key_proof`).Scan(&proof); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return state, err
	}
	state.Proof = proof
	if state.Schema < state.Program {
		return state, nil
	}
	rows, err := conn.Query(ctx, sealedCounts)
	if err != nil {
		return state, err
	}
	state.Sealed, err = pgx.CollectRows(rows, scanCount)
	return state, err
}

// latest is the number of the newest migration.
func latest() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		number, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s has no number", name)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
