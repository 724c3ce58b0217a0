//go:build !unix

package sqlite

import "os"

// mayWrite looks at the read-only flag, which is what can be known without opening the file.
func mayWrite(path string) bool {
	info, err := os.Stat(path)
	return err == nil && (info.IsDir() || info.Mode().Perm()&0o200 != 0)
}
