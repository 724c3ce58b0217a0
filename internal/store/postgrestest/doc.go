// Package postgrestest starts a PostgreSQL server for tests: one for each process that asks, in a directory of its own, gone
// when that process is, however it ends. It uses no server that is there already, and never skips: a test that needs a server
// where none is installed fails and says what to install.
//
// The server keeps what it acknowledged (fsync is on), sorts and folds by bytes (locale C) and listens on a Unix socket alone.
package postgrestest
