// Package iam is the client of the Aritma IAM API: Entra ID sign-in providers and SCIM tokens.
//
// It owns the exact JSON that is sent, every shape of answer that the API may give, and what a failure means: which
// kind it is, and whether the act can have happened all the same. It is strict in what it sends and tolerant in what
// it reads, since only a part of the API is documented.
//
// It never repeats a create or an update, never keeps or logs an answer, never reads back a client secret, and never
// decides what is to be done next.
package iam
