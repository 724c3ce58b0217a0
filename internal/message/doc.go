// Package message is the catalogue: every sentence that a person reads has an id here and is written here.
//
// A stored fault or check keeps id and data; the sentence is made when it is read, in the reader's language. A
// Printer makes sentences in one language, and writes dates, times and numbers as it does. Sentences may mark portal
// labels as **label**, which are English in every language, what weighs most as __stress__, and values as `value`; the
// templates turn these into elements, nothing else is ever markup.
//
// The package never decides which sentence is due.
package message
