// Command onboard is the Aritma Entra onboarding wizard: its service and the few commands that an operator needs.
//
// It wires the rooms together and holds no logic of its own. Exit status 0 is success, 1 a failure, 2 a configuration
// that cannot work.
package main
