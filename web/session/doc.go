// Package session keeps browser sessions in the database behind gorilla's sessions.Store.
//
// The cookie holds one random 256-bit id and nothing else; the database knows its SHA-256 and the session's values,
// sealed. A cookie that is unknown, expired or cannot be read makes an anonymous visitor, never an error. Sessions end
// after an hour without a request and twelve hours after they began, whatever the browser does.
//
// Requests of one session run at the same time. Each keeps what it loaded; Save works out which values it set and which
// it removed, and applies just these to what is stored by then, under compare-and-swap on the record's version. Two
// requests that change different values both succeed; of two that change the same value the later one stands. A session
// that ended in the meantime (destroyed, rotated, swept) is not brought back: Save fails with ErrNotFound.
//
// Values are strings, secret.Secret values and flashes (strings added by AddFlash), under string keys.
//
// gorilla's cookie store is not used because it cannot revoke. The package never decides what a session may do.
package session
