// Package storetest holds what every engine of package store must do: one suite, run by each engine's own tests.
//
// It asserts what callers of onboarding.Store, console.Store, webhook.Store and session.Storage rely on, under parallel use as
// well: one winner for each version, one claim for each sealed value and each message, nothing left behind by a change that
// failed, everything still there after the database was closed and opened. What only one engine has (files, locks, modes) is
// tested beside that engine.
package storetest
