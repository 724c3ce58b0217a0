// Package fault carries what went wrong from where it is known to where it is told.
//
// An Error holds three things for three readers: a Kind for the program (which status, may one try again), a message
// id with data for the person (the sentence is made in package message, in the reader's language), and the cause for
// the log. Whoever knows the fact gives the Kind and the id; everybody above only wraps with %w.
//
// The package never logs and never makes a sentence.
package fault
