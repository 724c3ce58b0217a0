// Package config turns the environment into one validated Config and reports every mistake at once.
//
// Each secret variable can also be given as NAME_FILE, the path of a file that holds it. Errors name variables, never
// their secret values. The package reads files and nothing else; what a value is used for is decided elsewhere.
package config
