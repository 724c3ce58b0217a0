// Package sqlite keeps setups and browser sessions in one SQLite file, without cgo.
//
// One connection writes and a few read. Writers queue for that one connection in the process and begin every
// transaction by taking SQLite's write lock (BEGIN IMMEDIATE), so a transaction never fails half-way for a lock; a second
// process, such as "onboard link" beside "onboard serve", waits up to the busy timeout. The file is in WAL mode with
// synchronous=FULL: what a method acknowledged survives a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
//
// A wizard.State is one JSON column, changed by compare-and-swap on the setup's version. Times are integers: nanoseconds
// since 1970 in UTC, NULL for the zero time; they reach from 1678 to 2262 (time.Time.UnixNano).
//
// Deleted sealed values are overwritten with zeros in the database file (secure_delete), but SQLite's write-ahead log
// keeps the pages as they were until it is emptied: by Checkpoint, or by Close of the last handle. Until then a claimed
// ciphertext can still stand there. That is why only ciphertext is ever stored.
//
// The package never decrypts and never decides what may happen to a setup.
package sqlite
