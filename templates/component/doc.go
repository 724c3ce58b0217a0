// Package component emits the parts that pages are made of, one .templ file each, with the struct it is shown from.
//
// Sentences arrive in the view structs in the reader's language; the few fixed words come from the printer, under
// "component.*". Where a comment says rich, the text may mark portal labels as **label** and values as `value`;
// nothing in it is ever markup. Every component works without JavaScript; what JavaScript adds is hidden until it
// runs. There is no inline style and no inline script: the Content-Security-Policy forbids both.
//
// The package never decides what is shown, knows no page, no route and no language, and never reads a secret except
// to write it into the one place that SecretToken documents.
package component
