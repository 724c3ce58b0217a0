package middleware

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// describe says what kind of panic it was. Runtime errors are told in full, since they quote no input.
func describe(crash any) string {
	if err, ok := crash.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", crash)
}

func stack() string { return string(debug.Stack()) }
