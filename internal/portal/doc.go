// Package portal knows Microsoft's portals: what things are called there, how to link straight to a place, per cloud.
//
// It owns every label and every deep link in one file, data.go, each with the date on which it was last checked, since
// Microsoft moves and renames them. Labels are English: the portal is shown in the reader's language by Microsoft, the
// wizard quotes it in English.
//
// The package never fetches anything, makes no sentences and knows nothing of a setup.
package portal
