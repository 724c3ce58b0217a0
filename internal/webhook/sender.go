package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// Timeout is how long a receiver may take to answer ("Request timeouts": 15 to 30 seconds).
	Timeout = 15 * time.Second
	// storeTimeout is how long the store may take for a claim, and for the note of what came of it.
	storeTimeout = 10 * time.Second
	// claimLife outlasts the claim, the attempt and the note, so that it only runs out when its holder is dead.
	claimLife = time.Minute
	// pollEvery is how often is looked for what is due, unless somebody pokes; it costs one step in an index.
	pollEvery = time.Second
	// troubleRest is how long nothing is tried after the store failed.
	troubleRest = 10 * time.Second
	// maxAnswer is how much of an answer is read, to nobody's benefit but that of the connection.
	maxAnswer = 4 << 10

	userAgent = "aritma-entra-onboard"
)

// Options are what a Sender needs.
type Options struct {
	Store Store
	// Client reaches URL's origin and nothing else, follows no redirect and sends a POST once, within Timeout.
	Client *http.Client
	URL    *url.URL
	Secret secret.Secret // "whsec_" and base64
	// Sentence says a problem in English; false when it cannot.
	Sentence func(problem string) (string, bool)
	Log      *slog.Logger
	Now      func() time.Time
	// Schedule is how long each further attempt waits; nil: what Schedule returns.
	Schedule []time.Duration
}

// Sender tells one receiver what is due.
type Sender struct {
	Options
	poked chan struct{}
}

// New returns a Sender.
func New(o Options) *Sender {
	if o.Schedule == nil {
		o.Schedule = Schedule()
	}
	return &Sender{Options: o, poked: make(chan struct{}, 1)}
}

// Poke makes Run look at once, when it is idle. It never waits.
func (s *Sender) Poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// ErrGone says that the receiver wants no more messages (410).
var ErrGone = errors.New("the receiver answered 410 Gone")

// Run sends what is due until ctx ends, and ends after the delivery that is under way then. It also ends when the receiver
// answers 410 Gone: what happens from then on waits for the next Run.
func (s *Sender) Run(ctx context.Context) {
	for ctx.Err() == nil {
		more, rest, err := s.Next(ctx)
		switch {
		case errors.Is(err, ErrGone):
			s.Log.ErrorContext(ctx, "webhook stopped: the receiver answered 410 Gone; nothing is sent until the service starts again")
			return
		case err != nil && ctx.Err() == nil:
			s.Log.ErrorContext(ctx, "webhook failed", "error", err)
			pause(ctx, troubleRest, nil)
		case !more:
			pause(ctx, pollEvery, s.poked)
		case rest > 0:
			pause(ctx, rest, nil)
		}
	}
}

// pause waits, at most until ctx ends or somebody pokes.
func pause(ctx context.Context, rest time.Duration, poked <-chan struct{}) {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-poked:
	case <-ctx.Done():
	}
}

// Next sends the one message that has been due longest, and says whether there was one and how long the receiver wants to
// be left alone. An attempt that failed is logged and noted, and is no error; ErrGone is one. An attempt that has begun goes
// on when ctx ends.
func (s *Sender) Next(ctx context.Context) (more bool, rest time.Duration, err error) {
	m, claimed, err := s.claim(ctx)
	if err != nil || !claimed {
		return false, 0, err
	}
	ctx = context.WithoutCancel(ctx)
	result := s.post(ctx, m)
	return true, min(result.asked, maxRest), s.note(ctx, m, result)
}

func (s *Sender) claim(ctx context.Context) (Message, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := s.Now()
	return s.Store.ClaimMessage(ctx, now, now.Add(claimLife))
}

// result is what came of an attempt.
type result struct {
	delivered bool
	gone      bool
	reason    string        // why it was not delivered; holds no path, query or body
	asked     time.Duration // how long the receiver asks to be left alone
}

// post makes one attempt.
func (s *Sender) post(ctx context.Context, m Message) result {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	request, err := s.request(ctx, m)
	if err != nil {
		return result{reason: reasonOf(err)}
	}
	answer, err := s.Client.Do(request)
	if err != nil {
		return result{reason: reasonOf(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	return result{
		delivered: answer.StatusCode >= 200 && answer.StatusCode <= 299,
		gone:      answer.StatusCode == http.StatusGone,
		reason:    "answered " + strconv.Itoa(answer.StatusCode),
		asked:     asks(answer, s.Now()),
	}
}

// reasonOf leaves the address out, whose path may be what lets somebody post there.
func reasonOf(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return err.Error()
}

func (s *Sender) request(ctx context.Context, m Message) (*http.Request, error) {
	body, err := m.encode(s.Sentence)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	at := s.Now() // of the attempt, not of what happened: it keeps old messages from being replayed
	signature, err := sign(s.Secret, m.ID, at, body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(outbound.Named(ctx, "webhook", "tell"), http.MethodPost, s.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set(headerID, m.ID)
	request.Header.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(headerSignature, signature)
	return request, nil
}

// note writes what came of an attempt, in the log and in the store.
func (s *Sender) note(ctx context.Context, m Message, r result) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	about := []any{"message", m.ID, "type", m.Type, "setup", m.Setup, "attempt", m.Attempt}
	if r.delivered {
		s.Log.InfoContext(ctx, "webhook delivered", about...)
		return s.Store.DropMessage(ctx, m.ID)
	}
	about = append(about, "reason", r.reason)
	wait, again := s.wait(m.Attempt, r.asked)
	if r.gone || !again {
		s.Log.ErrorContext(ctx, "webhook message given up", about...)
		if err := s.Store.GiveUpMessage(ctx, m, r.reason); err != nil {
			return err
		}
		if r.gone {
			return ErrGone
		}
		return nil
	}
	next := s.Now().Add(wait)
	s.Log.WarnContext(ctx, "webhook message not delivered", append(about, "next", next.UTC().Format(time.RFC3339))...)
	return s.Store.RetryMessage(ctx, m, next, r.reason)
}

// Sweep deletes what has been there for longer than Keep.
func (s *Sender) Sweep(ctx context.Context) error {
	return s.Store.DeleteMessages(ctx, s.Now().Add(-Keep))
}
