// Command image makes the container image out of what .ci/payload built, without a container engine and without a registry:
// the same commit gives the same digest on every machine. It also writes the bill of materials, and starts an image to see
// whether what is in it serves.
//
// What the image is stands in the Dockerfile alone. The program reads the last stage of it and does what it says; an instruction
// that it does not know is an error, so both ways of building cannot come apart silently.
package main
