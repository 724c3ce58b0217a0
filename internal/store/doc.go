// Package store is the house of the engines that keep setups and browser sessions; of its own it has only the words for
// what an engine finds (State, Stock).
//
// Each engine (packages sqlite and postgres) has its own SQL and its own migrations and implements what the rooms above it
// declare: onboarding.Store, session.Storage and the others. Package storetest holds what every engine must do, concurrency included; an
// engine is right when it passes. There is no layer of SQL between them: what differs between engines (locks, upserts,
// time types) is exactly what such a layer would have to hide.
//
// Engines take secrets as seal.Sealed only. They never decrypt, have no clock and decide nothing about a setup.
package store
