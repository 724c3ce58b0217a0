// Package metrics counts what an operator wants to know and tells it in Prometheus' text format, with Go's profiles beside it.
//
// It alone knows the metrics library. Nobody else counts: requests and upstream calls are told to it by functions that their
// rooms call, what happens to setups is read off the changes that a store commits, and how much there is comes from the store.
//
// No label ever holds a tenant, company, setup, person, link, path or address: only words of the program, whose number is bounded.
// docs/metrics.md lists every metric.
package metrics
