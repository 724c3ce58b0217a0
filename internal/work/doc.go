// Package work runs work that may outlast the request which began it: one of each name at a time, under a limit of its own,
// and to its end when the program stops.
//
// It knows neither setups nor people, stores nothing, and is about one process: whoever must be alone among several takes a
// lease besides.
package work
