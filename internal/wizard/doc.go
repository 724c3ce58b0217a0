// Package wizard is the onboarding as a pure machine: which steps there are, what has been answered and done, which
// step is open, and what may follow.
//
// A State is a value. An Event either yields the next State or is refused with a fault; nothing else changes a State.
// The irreversible acts (registering the provider, creating a SCIM token) appear as intent, outcome and failure, so
// that a State read after a crash says what may have happened.
//
// The package never does HTTP, SQL or I/O, has no clock of its own and never sees a secret's value.
package wizard
