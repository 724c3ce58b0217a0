// Package page emits the pages of the sandbox: its index and the living page of components.
//
// A page is shown from a view struct that its handler fills. The package knows no upstream, no switch and no state of
// the sandbox, and never decides what is shown.
package page
