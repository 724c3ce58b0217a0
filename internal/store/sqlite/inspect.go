package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/store"
)

// inspectTimeout is how long Inspect waits for another process's lock.
const inspectTimeout = 2 * time.Second

// Inspect looks at the database file at path and changes neither it nor what lies beside it, except for the index of a
// write-ahead log that is there. An error that is fs.ErrNotExist says that there is no file yet, or no folder for it.
func Inspect(ctx context.Context, path string) (state store.State, err error) {
	if state.Program, err = latest(); err != nil {
		return state, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return state, err
	}
	if !info.Mode().IsRegular() {
		return state, errors.New("it is not a file")
	}
	for _, at := range []string{path, filepath.Dir(path)} { // the write-ahead log is made beside the file
		if !mayWrite(at) {
			state.Unwritable = at + " cannot be written by this user"
		}
	}
	db, err := sql.Open("sqlite", inspectDSN(path))
	if err != nil {
		return state, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := db.QueryRowContext(ctx, `SELECT 'SQLite ' || sqlite_version()`).Scan(&state.Engine); err != nil {
		return state, err
	}
	if there, err := has(ctx, db, "goose_db_version"); err != nil || !there {
		return state, err
	}
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&state.Schema); err != nil {
		return state, err
	}
	if there, err := has(ctx, db, "key_proof"); err != nil || !there {
		return state, err
	}
	var proof []byte
	if err := db.QueryRowContext(ctx, `SELECT sealed FROM key_proof`).Scan(&proof); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return state, err
	}
	if state.Proof = proof; state.Schema >= state.Program {
		state.Sealed, err = countSealed(ctx, db)
	}
	return state, err
}

// WhereToMake says why a database file that is not there could not be made; empty when nothing speaks against it.
func WhereToMake(path string) string {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "its folder " + folder + " is not there"
	case err != nil || !info.IsDir():
		return folder + " is not a folder that can be looked into"
	case !mayWrite(folder):
		return "its folder " + folder + " cannot be written by this user"
	}
	return ""
}

// inspectDSN opens a file for reading. Where no write-ahead log is there nobody has it open, and it is read as it stands: even
// a reader would make a log otherwise.
func inspectDSN(path string) string {
	with := map[string]string{"_query_only": "1", "mode": "ro"}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		with["immutable"] = "1"
	}
	return dsn(path, inspectTimeout, with)
}

func has(ctx context.Context, db *sql.DB, table string) (there bool, err error) {
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`, table).Scan(&there)
	return there, err
}

// latest is the number of the newest migration.
func latest() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s has no number", name)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
