// Package onboarding is what happens at each step: it loads a setup, asks the wizard whether the step may happen,
// orders the outside calls, and stores the outcome. It is the only place that does so.
//
// An irreversible act is: store the intent with its operation id → act once → store the outcome. Whoever finds an
// intent without an outcome looks up what happened before acting again. Such work runs under the service's own
// context, not the request's, one at a time for a setup (a lease in the store), and may outlast the request.
//
// It declares the Store it needs and is given, per act, the Access under which it may call Aritma. It never sees an
// HTTP request, makes no sentences and shows a SCIM token's value to nobody but the caller of RevealToken.
package onboarding
