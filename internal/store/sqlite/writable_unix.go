//go:build unix

package sqlite

import "syscall"

// mayWrite asks the operating system, without opening the file: closing it again would give up the locks that this process
// holds on it.
func mayWrite(path string) bool {
	const writable = 2 // W_OK
	return syscall.Access(path, writable) == nil
}
