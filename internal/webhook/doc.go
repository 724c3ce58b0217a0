// Package webhook tells one receiver, which the operator named, what becomes of setups: opened, problem, completed.
//
// What is to be told is written by the database in the transaction of the change, so nothing is forgotten and nothing is told
// that did not happen. A Sender claims one message after the other, signs it as Standard Webhooks 1.0.0 says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), posts it, and notes what came
// of it. A message is told at least once: whoever dies between the answer and the note leaves a claim that runs out. Any
// number of senders may work on one database; none takes what another holds.
//
// A message has room for the id, company, tenant and open step of a setup and the id of a problem: for no answer of the
// customer, no person, no address and no secret. The package decides nothing about setups, and knows no engine.
package webhook
