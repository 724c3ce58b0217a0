package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/web/session"
)

var (
	_ onboarding.Store = (*Store)(nil)
	_ session.Storage  = (*Store)(nil)
	_ console.Store    = (*Store)(nil)
	_ webhook.Store    = (*Store)(nil)
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path   string
	file   fs.FileInfo // the file that was opened; another one at the same path is not ours
	writer *sql.DB     // one connection
	reader *sql.DB
	unlock func() error // of ServeAlone; nil when it was not called
	// prepared are the writer's statements that every step of every setup runs, and read the reader's that every page runs, by
	// their text.
	prepared, read map[string]*sql.Stmt
	onEvents       func() // nil: nobody wants to know
	rarities       rarities
}

// Open opens the database file at path and brings its schema, and what is made of other columns, up to date. A missing file
// is created, readable and writable by its owner only; its folder has to be there. Several handles and several processes may open one file at
// once: the schema is changed by one of them while the others wait. An empty "<path>-migrating" is what they wait on;
// it stays. A schema newer than this program is left as it is.
func Open(ctx context.Context, path string) (*Store, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("open database: a file path is needed")
	}
	s := &Store{path: path}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if err = createPrivate(s.path); err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", writerDSN(s.path)); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if err = migrate(ctx, s.writer, s.path); err != nil {
		return err
	}
	if s.prepared, err = prepare(ctx, s.writer, setupKnown, useOperation, swapSetup, takeSecret, putSecret, addEvent, setStand); err != nil {
		return err
	}
	if err = s.bringUpToDate(ctx); err != nil {
		return err
	}
	if s.reader, err = sql.Open("sqlite", readerDSN(s.path)); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if s.read, err = prepare(ctx, s.reader, sessionOf, grantOf, setupOf); err != nil {
		return err
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return err
	}
	return s.Ping(ctx)
}

// creating keeps a handle of this process from using a file before the one that creates it has closed it: closing any
// descriptor of a file gives up all POSIX locks that the process holds on it
// (https://www.sqlite.org/howtocorrupt.html, 2.2).
var creating sync.Mutex

// createPrivate creates a missing file with mode 0600. The log and the index beside it get the same mode from SQLite.
func createPrivate(path string) error {
	creating.Lock()
	defer creating.Unlock()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// Close waits for queries under way and closes the file. Closing the last handle empties the write-ahead log.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{s.reader, s.writer} { // the writer last: it may empty the log, a reader may not
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if s.unlock != nil {
		errs = append(errs, s.unlock())
		s.unlock = nil
	}
	return errors.Join(errs...)
}

// Ping reads from the database, and fails when the file is no longer the one that was opened: writing on into a file
// that was moved away would lose what is acknowledged.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM setups LIMIT 1)`).Scan(&one); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	now, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	if !os.SameFile(now, s.file) {
		return errors.New("read database: the file was replaced while it was open")
	}
	return nil
}

// Checkpoint empties the write-ahead log into the database file and cuts it to nothing. What was deleted before is
// then in neither. It waits for readers up to the busy timeout and fails when one is still reading.
func (s *Store) Checkpoint(ctx context.Context) error {
	var busy, logged, moved int
	err := s.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved)
	if err != nil {
		return fmt.Errorf("empty write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("empty write-ahead log: a reader is in the way")
	}
	return nil
}
