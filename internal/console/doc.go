// Package console is what customer success sees of setups, and may do for them: the list with its search, one setup with its
// checks and notes, a new setup with its link, closing and reopening, figures.
//
// Nothing that it reads has room for a secret: no type of it holds a secret.Secret, a seal.Sealed or bytes, and a test over
// reflection keeps it so. It changes no answer of a setup and acts on no upstream.
package console
