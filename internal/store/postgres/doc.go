// Package postgres keeps setups and browser sessions in a PostgreSQL database, so that any number of identical replicas can run
// on it.
//
// Every transaction runs at READ COMMITTED, and what must happen once is one conditional statement or a unique key: under it
// a second transaction waits for the first and then sees what that one left. A change of a setup first locks the row of the
// setup, so all changes of one setup are made one after the other, whichever replica makes them. A transaction that the server
// ends for a deadlock is run again.
//
// Three things are made while a transaction commits, by deferred triggers, under one lock of the database: its entries in the
// trail of all setups, the counters, and the notification. The lock is what makes the trail readable from a place on: no entry
// ever becomes visible before one with a lower place. It is held for the commit alone, never while a program is waited for.
//
// Commits are durable (synchronous_commit is on, whatever the server's default). Times are integers: nanoseconds since 1970 in
// UTC, NULL for the zero time. A character that PostgreSQL cannot keep in a text (NUL, or bytes that are no UTF-8) is
// replaced by U+FFFD, in what is stored and in what is looked for alike.
//
// Deleted sealed values stay in the database's files and its write-ahead log until the server cleans up. That is why only
// ciphertext is ever stored.
//
// The package never decrypts and never decides what may happen to a setup.
package postgres
