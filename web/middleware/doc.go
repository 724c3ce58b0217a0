// Package middleware holds what happens to every request before its handler: an id, the log line, recovery, security
// headers, the refusal of forged and misdirected requests, limits. It knows no setups, sessions or pages.
package middleware
