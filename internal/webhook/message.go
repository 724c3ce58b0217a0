package webhook

import (
	"context"
	"encoding/json"
	"time"
)

// Types of messages.
const (
	Opened    = "setup.opened"    // somebody opened the setup for the first time
	Problem   = "setup.problem"   // something stands in the way, or something else than before
	Completed = "setup.completed" // the customer is done
)

// Message is one thing that is told, as the setup was when it happened.
type Message struct {
	ID   string // "msg_" and 32 hexadecimal digits; the same however often it is sent
	Type string
	At   time.Time // when it happened

	Setup   string // id
	Company string
	Tenant  string // Aritma's tenantId
	Step    string // the open one
	Problem string // message id; of a Problem alone

	// Attempt counts how often it was claimed, this time included. It tells this claim from a later one.
	Attempt int
}

// Undelivered is a message that is still to be told, or was given up.
type Undelivered struct {
	Message           // Attempt is how many there were
	Next    time.Time // of the next attempt
	GivenUp bool
	Reason  string // why the last attempt failed; empty before the first
}

// Store keeps messages. Every method is atomic, safe for concurrent use by several processes, and durable when it returns
// nil.
type Store interface {
	// ClaimMessage takes the message that has been due longest: nobody else gets it until the given time. False when none is
	// due.
	ClaimMessage(ctx context.Context, now, until time.Time) (Message, bool, error)
	// DropMessage deletes a message that was delivered; one that is gone is no error.
	DropMessage(ctx context.Context, id string) error
	// RetryMessage gives a claim back: the message is due again at a time. Nothing happens when the claim is another's now.
	RetryMessage(ctx context.Context, m Message, at time.Time, reason string) error
	// GiveUpMessage ends a claim: the message stays to be looked at, and is not due any more. Nothing happens when the claim
	// is another's now.
	GiveUpMessage(ctx context.Context, m Message, reason string) error
	// Undelivered lists what is there, oldest first, at most so many.
	Undelivered(ctx context.Context, limit int) ([]Undelivered, error)
	// ReviveMessages makes what was given up due again, as if it had never been tried, and returns how many there were.
	ReviveMessages(ctx context.Context, now time.Time) (int, error)
	// DeleteMessages deletes whatever tells of a time up to the given one, delivered or not.
	DeleteMessages(ctx context.Context, upTo time.Time) error
}

// Keep is how long a message is there at most, delivered or not.
const Keep = 14 * 24 * time.Hour

// body is what is sent of a message ("Payload structure" of the specification).
type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Setup   string   `json:"setup"`
	Company string   `json:"company"`
	Tenant  string   `json:"tenant"`
	Step    string   `json:"step"`
	Problem *problem `json:"problem,omitempty"`
}

type problem struct {
	ID       string `json:"id"`
	Sentence string `json:"sentence,omitempty"`
}

// encode makes the body of a message. Sentence says a problem in English; false when it cannot without data that a message
// does not have.
func (m Message) encode(sentence func(problem string) (string, bool)) ([]byte, error) {
	b := body{Type: m.Type, Timestamp: m.At.UTC(), Data: data{Setup: m.Setup, Company: m.Company, Tenant: m.Tenant, Step: m.Step}}
	if m.Problem != "" {
		b.Data.Problem = &problem{ID: m.Problem}
		if text, ok := sentence(m.Problem); ok {
			b.Data.Problem.Sentence = text
		}
	}
	return json.Marshal(b)
}
