// Package live says which setups something has just happened to: "setup N changed", between goroutines and processes. It
// carries ids and places in the trail, never what happened.
//
// The trail is the truth: whoever listens is told of every setup whose trail has grown, whichever process wrote it. A poke
// only makes the hub look at once instead of within a second.
package live
