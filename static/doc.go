// Package static holds the assets that browsers fetch: the stylesheet, the script, htmx and the icon.
//
// They are embedded, named by the hash of their content and served as immutable, so that a browser asks once and
// never again until they change. They were packed when the code was written ("make generate"), into packed: what is
// changed since then is served as it is. The stylesheet is one file, joined from css in the order of its layers.
//
// The package never serves a page, a user's data or anything read from disk at run time.
package static
