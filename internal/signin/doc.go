// Package signin signs people in at Aritma ID and obtains the service's own access tokens there.
//
// It owns the sign-in of a person (OpenID Connect, authorization code with PKCE, at {id}/{tenant}): what is sent, every check
// of what comes back, who it was, the tokens of those who sign in to act, and where they sign out. It reads off the wire which Redirect URI Aritma ID sends to Microsoft. And it owns the
// service's own tokens: client credentials at {id}/{tenant}/connect/token with the scope services.iam, one request for all
// who ask at the same time, kept in memory until a minute before they run out.
//
// It never stores or logs a token, never passes on what Aritma ID answered in an error except the description that comes
// with a refused sign-in, never follows Aritma ID to another origin, and never decides whether somebody may act.
package signin
