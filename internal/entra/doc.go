// Package entra asks Microsoft Entra ID what can be asked without a user, and says what its errors mean.
//
// It owns which Microsoft login hosts there are, the lookup of a directory by its id or by one of its verified domains, the
// proof of a client secret by a real token request, and the table of Microsoft's errors: matched by AADSTS number, never by
// text. Microsoft being out of reach is a verdict of its own (fault.Unavailable), so that a caller can let the step go on.
//
// The package contacts nothing but the hosts that Hosts lists and follows no redirect. It never logs, never keeps a token,
// never takes an address out of an answer or of a pasted text to fetch it, and never quotes input that has the shape of
// neither a GUID nor a domain: a secret may have been pasted there.
package entra
