package metrics

import (
	"net/http"
	"testing"
	"time"
)

// BenchmarkRequest is what counting adds to each request.
func BenchmarkRequest(b *testing.B) {
	m := New()
	for b.Loop() {
		m.Request("/setup/{setup}/directory", http.MethodGet, http.StatusOK, time.Millisecond, false)
	}
}
