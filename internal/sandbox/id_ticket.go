package sandbox

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/secret"
)

// tickets are values that are handed out and come back: states, codes, refresh tokens, sessions. Each is kept under its
// digest, together with what it stands for, until it ends. The zero value is ready.
type tickets[T any] struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*ticket[T]
}

type ticket[T any] struct {
	what T
	ends time.Time
	used bool
}

// ticketState is what became of a ticket.
type ticketState int

const (
	ticketUnknown ticketState = iota // never handed out, ended or withdrawn
	ticketFresh
	ticketUsed // taken before
)

// issue hands a ticket out that ends after life.
func (t *tickets[T]) issue(what T, now time.Time, life time.Duration) secret.Secret {
	value := randomValue()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[[sha256.Size]byte]*ticket[T]{}
	}
	for digest, one := range t.all {
		if !now.Before(one.ends) {
			delete(t.all, digest)
		}
	}
	t.all[sha256.Sum256([]byte(value.Expose()))] = &ticket[T]{what: what, ends: now.Add(life)}
	return value
}

// take uses a ticket up. A used one tells what it stood for, so that a replay can be answered in full.
func (t *tickets[T]) take(value string, now time.Time) (T, ticketState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var none T
	one, there := t.all[sha256.Sum256([]byte(value))]
	switch {
	case !there || !now.Before(one.ends):
		return none, ticketUnknown
	case one.used:
		return one.what, ticketUsed
	}
	one.used = true
	return one.what, ticketFresh
}

// look reads a ticket without using it up.
func (t *tickets[T]) look(value string, now time.Time) (T, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, there := t.all[sha256.Sum256([]byte(value))]
	if !there || one.used || !now.Before(one.ends) {
		var none T
		return none, false
	}
	return one.what, true
}

// withdraw forgets the tickets that stand for what is told.
func (t *tickets[T]) withdraw(told func(T) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for digest, one := range t.all {
		if told(one.what) {
			delete(t.all, digest)
		}
	}
}

func (t *tickets[T]) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, sha256.Sum256([]byte(value)))
}

func (t *tickets[T]) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = nil
}
