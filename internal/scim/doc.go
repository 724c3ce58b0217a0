// Package scim sends the one request that Entra's Test Connection sends to a SCIM endpoint, and says what its answer means.
//
// It owns that request, and the faults that tell a wrong token from a wrong address, a web page, a redirect, an endpoint
// that is slow or ill, and one that answers what Entra could not use.
//
// The package reads nobody's data and changes nothing: it asks for one person who cannot exist. It follows no redirect,
// keeps nothing, logs nothing, and never quotes what an answer says, since the token may come back in it.
package scim
