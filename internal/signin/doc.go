// Package signin obtains access tokens from Aritma ID.
//
// It owns the service's own tokens: client credentials at {id}/{tenant}/connect/token with the scope services.iam,
// one request for all who ask at the same time, kept in memory until a minute before they run out.
//
// It never stores or logs a token, never passes on what Aritma ID answered in an error, and never decides whether
// somebody may act.
package signin
