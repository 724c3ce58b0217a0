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
// What customer success reads costs about the same for a thousand setups and for a hundred thousand: lists go by an index in
// its order, counts are kept by triggers with every change, and a search reads an FTS5 index of trigrams whose rowids follow
// the order of the list. Search is the one that grows: words of a dozen characters that few setups have, each three of which
// many have, take some milliseconds among a hundred thousand. The triggers also serve a program of the version before; where
// a setup stands is made by this program, and made up for when it opens the file and when it begins to serve it.
//
// Deleted sealed values are overwritten with zeros in the database file (secure_delete), but SQLite's write-ahead log
// keeps the pages as they were until it is emptied: by Checkpoint, or by Close of the last handle. Until then a claimed
// ciphertext can still stand there. That is why only ciphertext is ever stored.
//
// The package never decrypts and never decides what may happen to a setup.
package sqlite
