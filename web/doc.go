// Package web is everything that touches an HTTP request: the routes in one place, one file for each step, the setup
// link, and one place where errors become pages.
//
// A handler decodes and cleans a form, asks the onboarding service, and answers with a redirect (303), the page again
// (422) or a page. GET and HEAD change nothing. The package orders no outside calls and knows no storage but sessions.
package web
