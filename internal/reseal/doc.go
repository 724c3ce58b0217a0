// Package reseal moves everything that is kept sealed to the first of the sealing keys, so that the others can be taken away.
//
// It works beside services that use the database, in batches, each a transaction of its own: a ciphertext is replaced only
// where it is still the very one that was opened, so nothing that somebody took, replaced or deleted meanwhile comes back. It
// keeps no note of how far it is: whatever is under the first key has moved. Killed anywhere, it is simply run again.
//
// The key proof moves last, when everything else has: while it is under an old key, a service without that key is not ready,
// instead of losing what it cannot open.
//
// The package knows no plaintext and no database; it is told what each kind is sealed for.
package reseal
