package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/metrics"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/webhook"
)

// teller tells the operator's webhook what becomes of setups, or nobody.
type teller struct {
	store  webhook.Store
	sender *webhook.Sender // nil: nobody is told
	client *http.Client    // reaches the origin of the webhook alone
}

func newTeller(c *config.Config, counted *metrics.Metrics, store webhook.Store, messages *message.Catalogue, log *slog.Logger) *teller {
	t := &teller{store: store}
	if c.WebhookURL == nil {
		return t
	}
	t.client = newWebhookClient(c, counted.Call)
	t.sender = webhook.New(webhook.Options{
		Store: counted.Messages(store), Client: t.client, URL: c.WebhookURL, Secret: c.WebhookSecret, Sentence: messages.For("en").Bare, Log: log, Now: time.Now,
	})
	return t
}

// newWebhookClient reaches the origin of the webhook alone. Observe is told of each call; may be nil.
func newWebhookClient(c *config.Config, observe func(outbound.Call)) *http.Client {
	return outbound.New(outbound.Options{Allow: []*url.URL{c.WebhookURL}, AllowLoopback: c.AllowLoopback, Timeout: webhook.Timeout, Observe: observe})
}

// run tells until ctx ends, and ends after the delivery that is under way then.
func (t *teller) run(ctx context.Context) {
	if t.sender != nil {
		t.sender.Run(ctx)
	}
}

// poke is called when something happened to a setup in this process.
func (t *teller) poke() {
	if t.sender != nil {
		t.sender.Poke()
	}
}

// sweep drops what has had its time: everything when nobody is told, so that whoever is named later gets no old news.
func (t *teller) sweep(ctx context.Context) error {
	if t.sender == nil {
		return t.store.DeleteMessages(ctx, time.Now())
	}
	return t.sender.Sweep(ctx)
}

func (t *teller) close() {
	if t.client != nil {
		t.client.CloseIdleConnections()
	}
}
