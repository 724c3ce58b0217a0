package store

// StockLimit is up to how many of a kind are counted where no counter is kept.
const StockLimit = 10_000

// Stock is how much of what there is, for metrics. Reading it costs the same whatever there is: counters, and counts that end at
// StockLimit.
type Stock struct {
	Setups []Standing
	// Sessions are browser sessions that have not ended.
	Sessions int
	// Waiting are messages of the webhook that are still to be told, GivenUp those that nobody tries any more; StockLimit
	// of both together.
	Waiting, GivenUp int
}

// Standing is how many setups stand somewhere (console.Stand but for Waiting) with a step open (wizard.Step).
type Standing struct {
	Stand, Step string
	N           int
}
