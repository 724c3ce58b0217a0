package sqlite

import (
	"net/url"
	"strconv"
	"time"
)

const (
	// busyTimeout is how long a connection waits for another process's lock.
	busyTimeout = 10 * time.Second
	// migrationTimeout is how long a process waits while another one changes the schema.
	migrationTimeout = time.Minute
	// servingTimeout is how long a process waits for the one before it to end: longer than that drains.
	servingTimeout = 40 * time.Second
	// readers is how many connections read at once.
	readers = 4
)

func writerDSN(path string) string {
	return dsn(path, busyTimeout, map[string]string{
		"_txlock":       "immediate",
		"_journal_mode": "WAL",
		"_synchronous":  "FULL",
		"_foreign_keys": "1",
		"_pragma":       "secure_delete(1)",
	})
}

func readerDSN(path string) string {
	return dsn(path, busyTimeout, map[string]string{"_query_only": "1"})
}

// lockDSN opens a file whose lock stands for something else, such as "the schema is being changed".
func lockDSN(path string, wait time.Duration) string {
	return dsn(path, wait, map[string]string{"_txlock": "exclusive"})
}

// dsn is a SQLite URI, so that a path may hold any character (https://www.sqlite.org/uri.html).
func dsn(path string, wait time.Duration, with map[string]string) string {
	query := url.Values{
		"_busy_timeout": {strconv.FormatInt(wait.Milliseconds(), 10)},
		"_dqs":          {"0"}, // a misspelt column is an error, not a string
		"_defensive":    {"1"},
	}
	for key, value := range with {
		query.Set(key, value)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}
