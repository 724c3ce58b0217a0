// Package store is the house of the engines that keep setups and browser sessions; it holds no code of its own.
//
// Each engine (package sqlite; room is left for a second one) has its own SQL and its own migrations and implements
// onboarding.Store and session.Storage. Package storetest holds what every engine must do, concurrency included; an
// engine is right when it passes. There is no layer of SQL between them: what differs between engines (locks, upserts,
// time types) is exactly what such a layer would have to hide.
//
// Engines take secrets as seal.Sealed only. They never decrypt, have no clock and decide nothing about a setup.
package store
