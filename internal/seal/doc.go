// Package seal encrypts what must be stored and not be read from the store.
//
// It uses AES-256-GCM with random nonces from the standard library (NIST SP 800-38D; a key seals far fewer than the
// 2^32 messages that random nonces allow), binds each ciphertext to its place by associated data, so that one moved
// to another row does not open, and names its key by id, so that keys can be rotated: the first key of a Keyring
// seals, all of them open.
//
// A Sealed value is what store methods take: plaintext does not compile there. The package never stores anything.
package seal
