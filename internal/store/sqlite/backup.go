package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup copies the database file at path as it stands at one moment into a file that is not there yet, readable and writable by
// its owner only. Others may go on reading and writing meanwhile. The copy is made beside its name and gets it when it is whole
// and on the disk: a file under that name is never a part of a backup. It holds no pages of what was deleted
// (https://www.sqlite.org/lang_vacuum.html#vacuuminto).
func Backup(ctx context.Context, path, to string) (err error) {
	if _, err := os.Stat(path); err != nil { // opening it would make an empty one
		return fmt.Errorf("back up database: %w", err)
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("back up database: %s is there already", to)
	}
	partial, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+"-partial-*") // 0600
	if err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	defer func() { _ = os.Remove(partial.Name()) }()
	if err := errors.Join(partial.Close(), vacuumInto(ctx, path, partial.Name()), persist(partial.Name())); err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	err = claim(partial.Name(), to)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("back up database: %s is there already", to)
	}
	if err := errors.Join(err, persist(filepath.Dir(to))); err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	return nil
}

// claim gives a file the name to, or returns fs.ErrExist: of several that want one name one gets it. Where the file system knows
// no hard links the name stands for an empty file for a moment.
func claim(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return claimEmpty(from, to)
}

func claimEmpty(from, to string) error {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	if err := errors.Join(file.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// vacuumInto writes what the database holds into an empty file.
func vacuumInto(ctx context.Context, path, to string) error {
	db, err := sql.Open("sqlite", dsn(path, busyTimeout, map[string]string{"mode": "rw"}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close())
}

// persist waits until a file or folder is on the disk.
func persist(path string) error {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
