package store

import (
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
)

// State is what an engine finds out about a database without changing anything in it.
type State struct {
	// Engine names the engine with its version, such as "PostgreSQL 17.2".
	Engine string
	// Schema is the number of the schema that is there, 0 when there is none yet; Program is the one that this program makes.
	Schema, Program int64
	// Proof is what the sealing keys have to open; nil when nobody has sealed one yet.
	Proof seal.Sealed
	// Sealed counts what is kept sealed under each key; empty while the schema is older than the program.
	Sealed []reseal.Count
	// Unwritable says why nothing could be written, in words for an operator; empty when nothing speaks against it.
	Unwritable string
}
