// Package outbound makes the one kind of HTTP client with which the service talks to the outside.
//
// It owns where a request may go (exact origins, and public addresses at the moment of dialling, so that a name that
// changes its address in between gains nothing), how long it may take, how much of an answer is read, and what may be
// sent a second time: GET, HEAD, DELETE and what is marked with Repeatable; nothing else, not even by net/http.
//
// It never follows a redirect, never uses a proxy, never adds credentials, never logs and never makes a sentence.
package outbound
