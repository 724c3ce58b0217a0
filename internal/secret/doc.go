// Package secret holds values that must never be seen by accident.
//
// A Secret prints, logs and marshals as a fixed placeholder wherever it turns up: fmt with every verb, log/slog,
// encoding/json, encoding/xml, text templates. The value leaves it through Expose alone, so that a search for that
// one word finds every place where plaintext is touched.
//
// The package never stores, seals or sends anything.
package secret
