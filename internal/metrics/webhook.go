package metrics

import (
	"context"
	"time"

	"github.com/aritma/entra-onboard/internal/webhook"
)

// What becomes of a message.
const (
	delivered = "delivered"
	putOff    = "put_off" // it is tried again later
	givenUp   = "given_up"
)

// Messages returns a store that works as next does, and counts what becomes of messages.
func (m *Metrics) Messages(next webhook.Store) webhook.Store { return &told{next, m} }

type told struct {
	webhook.Store
	m *Metrics
}

// DropMessage implements webhook.Store.
func (t *told) DropMessage(ctx context.Context, id string) error {
	return t.note(delivered, t.Store.DropMessage(ctx, id))
}

// RetryMessage implements webhook.Store.
func (t *told) RetryMessage(ctx context.Context, m webhook.Message, at time.Time, reason string) error {
	return t.note(putOff, t.Store.RetryMessage(ctx, m, at, reason))
}

// GiveUpMessage implements webhook.Store.
func (t *told) GiveUpMessage(ctx context.Context, m webhook.Message, reason string) error {
	return t.note(givenUp, t.Store.GiveUpMessage(ctx, m, reason))
}

func (t *told) note(outcome string, err error) error {
	if err == nil {
		t.m.add(1, attempts, outcome)
	}
	return err
}
