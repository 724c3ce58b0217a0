// Package account is who is signed in with Aritma, and with which tokens.
//
// It begins a sign-in, takes its answer once and only in the browser session that began it, asks the IAM API once whether it
// accepts the access token, and hands the account over to that session. It renews access tokens before they run out, and
// knows where a person signs out of Aritma ID. A sign-in under way is stored sealed in a row of its own, so that any replica
// may take the answer.
//
// It decides nothing about setups, keeps no account itself (the browser session does, sealed), and shows no token to
// anybody but the caller that acts with it.
package account
