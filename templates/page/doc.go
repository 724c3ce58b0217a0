// Package page holds the pages: one file for each, with the typed view that its handler fills. A page arranges
// components and says sentences of the catalogue; it decides nothing, and knows neither requests nor storage.
package page
