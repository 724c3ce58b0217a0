// Package sandbox stands in for the upstreams: Aritma ID as an OpenID provider that federates and has two people of its own
// (Administrator, Member), Aritma IAM, the SCIM endpoint of Aritma ID, Microsoft's sign-in host, its portal and its
// provisioning agent, in one process, over real HTTP, on a loopback port of its own. It serves demo, training and tests.
//
// It answers in the documented shapes, is strict about what it is sent, and keeps one state per tenant in memory.
// Fault switches (Faults) give every other shape and every accident that the wizard must live with.
//
// The package knows nothing of the wizard and imports none of its clients. It never writes to disk, sends requests to
// itself alone (the provisioning agent, and Aritma ID to Microsoft's sign-in), and never logs what a request carried:
// requests are counted, SCIM token values are kept as digests, and the one that was pasted into the portal as a Secret.
// Everything it holds is made up and gone with Close.
package sandbox
