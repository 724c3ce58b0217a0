package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// TestServeAlone: a second process that serves the file waits until the first has ended.
func TestServeAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onboard.db")
	first, second := open(t, path), open(t, path)
	if err := first.ServeAlone(context.Background()); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- second.ServeAlone(context.Background()) }()
	beside, err := sqlite.Open(t.Context(), path) // a command beside the service needs no turn
	if err != nil {
		t.Fatal(err)
	}
	if err := beside.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-served:
		t.Fatalf("two serve one file: %v", err)
	default:
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("the second does not get its turn: %v", err)
	}
}
