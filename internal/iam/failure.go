package iam

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

// verdict is the kind of a failure and the id of its sentence.
type verdict struct {
	kind fault.Kind
	id   string
}

var (
	unauthorized  = verdict{fault.Unauthorized, "iam.unauthorized"}
	forbidden     = verdict{fault.Forbidden, "iam.forbidden"}
	conflict      = verdict{fault.Conflict, "iam.conflict"}
	refused       = verdict{fault.Invalid, "iam.refused"}
	unavailable   = verdict{fault.Unavailable, "iam.unavailable"}
	slow          = verdict{fault.Unavailable, "iam.slow"}
	limited       = verdict{fault.Unavailable, "iam.limited"}
	garbled       = verdict{fault.Upstream, "iam.garbled"}
	noTokenValue  = verdict{fault.Upstream, "iam.no-token-value"}
	notOffered    = verdict{fault.NotFound, "iam.not-offered"}
	providerGone  = verdict{fault.NotFound, "iam.provider-gone"}
	schemeUnknown = verdict{fault.NotFound, "iam.scheme-unknown"}
	secretNeeded  = verdict{fault.Invalid, "iam.secret-needed"}
	noProviderID  = verdict{fault.Invalid, "iam.no-provider-id"}
	noTokenID     = verdict{fault.Invalid, "iam.no-token-id"}
	unknown       = verdict{fault.Unknown, "fault.unknown"}
)

// failure is the cause in a fault of this package. Its text never holds what an answer said.
type failure struct {
	text    string
	status  int  // 0 without an answer
	notDone bool // see SurelyNotDone
	cause   error
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// Unwrap gives one of the few causes that a caller asks for; never the transport's own error, whose text may quote.
func (f *failure) Unwrap() error { return f.cause }

// SurelyNotDone reports whether the failed act certainly did not happen: it was refused before it was sent, nobody was
// reached, or the API refused it with a status that means so. False means unknown. A delete is repeated on its way, so
// that a refusal of its last attempt says nothing about the others: that is unknown, too.
//
// It speaks of this one act: a create that surely was not done may be refused because an earlier one was.
func SurelyNotDone(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.notDone
}

// NotOffered reports whether the API does not have the operation: 405 or 501, or 404 for a list or a collection.
func NotOffered(err error) bool {
	e, ok := errors.AsType[*fault.Error](err)
	return ok && e.ID == notOffered.id
}

func (act call) fail(v verdict, f *failure, data fault.Data) *fault.Error {
	return fault.Wrap(fmt.Errorf("%s: %w", act.action, f), v.kind, v.id, data)
}

// local is a refusal before anything was sent.
func (act call) local(v verdict, text string) error {
	return act.fail(v, &failure{text: text, notDone: true}, nil)
}

// lost is a call without an answer.
func (act call) lost(err error) error {
	v := unavailable
	if outbound.TimedOut(err) {
		v = slow
	}
	f := &failure{text: act.causeOf(err), notDone: outbound.DialFailed(err)}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded, outbound.ErrRefused} {
		if errors.Is(err, cause) {
			f.cause = cause
		}
	}
	return act.fail(v, f, nil)
}

// garbled is a successful status with an answer that cannot be understood: the act may have happened.
func (act call) garbled(got answer, err error) error { return act.unusable(garbled, got, err) }

// without is an answer that lacks the token's value: the act did happen.
func (act call) without(got answer, err error) error { return act.unusable(noTokenValue, got, err) }

func (act call) unusable(v verdict, got answer, err error) error {
	text := fmt.Sprintf("%s %s answered %d: %v", act.method, act.path, got.status, err)
	return act.fail(v, &failure{text: text, status: got.status}, act.dataOf(got))
}

// refused is an answer with any status but 2xx.
func (act call) refused(got answer) error {
	v := act.verdictOn(got.status)
	data := act.dataOf(got)
	if v == refused {
		if detail := act.detailOf(got); detail != "" {
			data["Detail"] = detail
		}
	}
	text := fmt.Sprintf("%s %s answered %d", act.method, act.path, got.status)
	e := act.fail(v, &failure{text: text, status: got.status, notDone: act.excludes(got.status)}, data)
	if v.kind == fault.Unavailable {
		e.RetryAfter, _ = outbound.RetryAfter(got.header, time.Now())
	}
	return e
}

func (act call) verdictOn(status int) verdict {
	switch status {
	case http.StatusUnauthorized:
		return unauthorized
	case http.StatusForbidden:
		return forbidden
	case http.StatusNotFound, http.StatusGone:
		return act.missing
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notOffered
	case http.StatusConflict:
		return conflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return refused
	case http.StatusRequestTimeout:
		return slow
	case http.StatusTooManyRequests:
		return limited
	}
	if status >= 500 {
		return unavailable
	}
	return garbled
}

// excludes reports whether the status excludes that the act happened. Timeouts, conflicts and limits may come from a
// layer that knows only half of the story; so may the 499 of a proxy whose client went away.
func (act call) excludes(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests, 499:
		return false
	}
	return status >= 400 && status < 500 && act.method != http.MethodDelete
}

// gone makes a failed delete a success where the thing does not exist.
func gone(err error) error {
	f, ok := errors.AsType[*failure](err)
	if ok && (f.status == http.StatusNotFound || f.status == http.StatusGone) {
		return nil
	}
	return err
}
