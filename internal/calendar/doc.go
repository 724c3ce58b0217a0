// Package calendar writes days to remember as calendar files (RFC 5545).
package calendar
