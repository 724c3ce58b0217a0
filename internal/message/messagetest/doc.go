// Package messagetest makes languages up for tests: every language of the wizard, written from the English catalogue in letters that
// nothing else is written in. What a page says in ordinary letters did not come from the catalogue.
package messagetest
