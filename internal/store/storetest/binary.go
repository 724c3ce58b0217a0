package storetest

import (
	"slices"
	"testing"
)

// binary are the columns of bytes: what is sealed, which package reseal has to move, and what is a hash.
var binary = []string{
	"key_proof.sealed", "sealed_secrets.value", "sessions.sealed", "signins.sealed",
	"grants.session", "links.hash", "sessions.hash", "sessions.owner", "signins.id", "signins.session",
}

// WantBinary demands that a schema has these columns of bytes ("table.column") and no others: a new one that is sealed needs a
// reseal.Kind, or it keeps an old key from being taken out.
func WantBinary(t *testing.T, columns []string) {
	t.Helper()
	slices.Sort(columns)
	wantEqual(t, "columns of bytes", columns, slices.Sorted(slices.Values(binary)))
}
