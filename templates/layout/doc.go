// Package layout emits the frame around every page: head, header, progress, heading, footer, and the one status
// element that is on every page from the start.
//
// Everything variable arrives in Frame in the reader's language; fixed words come from its printer, under
// "layout.*". The package never knows which page it frames.
package layout
