package scim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

// verdict is the kind of a failure and the id of its sentence.
type verdict struct {
	kind fault.Kind
	id   string
}

// Refusing the SCIM token is not fault.Unauthorized: that speaks of the access token of whoever uses the wizard.
var (
	unauthorized = verdict{fault.Upstream, "scim.unauthorized"}
	notFound     = verdict{fault.Upstream, "scim.not-found"}
	webPage      = verdict{fault.Upstream, "scim.html"}
	redirect     = verdict{fault.Upstream, "scim.redirect"}
	certificate  = verdict{fault.Upstream, "scim.certificate"}
	notAList     = verdict{fault.Upstream, "scim.not-a-list"}
	notEmpty     = verdict{fault.Upstream, "scim.not-empty"}
	slow         = verdict{fault.Unavailable, "scim.slow"}
	unreachable  = verdict{fault.Unavailable, "scim.unreachable"}
	serverError  = verdict{fault.Unavailable, "scim.server-error"}
	limited      = verdict{fault.Unavailable, "scim.limited"}
)

func (v verdict) fault(cause error, data fault.Data) *fault.Error {
	return fault.Wrap(fmt.Errorf("probe SCIM endpoint: %w", cause), v.kind, v.id, data)
}

// verdictOn tells by the status alone; false for 200, whose document decides.
func verdictOn(status int) (verdict, bool) {
	switch status {
	case http.StatusOK:
		return verdict{}, false
	case http.StatusUnauthorized, http.StatusForbidden:
		return unauthorized, true
	case http.StatusNotFound, http.StatusGone:
		return notFound, true
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return slow, true
	case http.StatusTooManyRequests:
		return limited, true
	case http.StatusNotModified:
		return notAList, true
	}
	switch {
	case status >= 500:
		return serverError, true
	case status >= 300 && status < 400:
		return redirect, true
	}
	return notAList, true
}

// lost is the fault of a call without a whole answer. Once connected, net/http's errors may quote what the other side
// sent, and that may be the token: only the kind of failure is told then.
func lost(err error) error {
	if untrusted(err) {
		return certificate.fault(errors.New("no TLS connection that can be trusted"), nil)
	}
	switch {
	case outbound.TimedOut(err):
		return slow.fault(errors.New("no answer in time"), nil)
	case outbound.DialFailed(err):
		return unreachable.fault(err, nil)
	case errors.Is(err, context.Canceled):
		return unreachable.fault(context.Canceled, nil)
	}
	return unreachable.fault(errors.New("connection lost, or an answer that is not HTTP"), nil)
}

// untrusted reports whether TLS is why there is no connection: the certificate, the version, or no TLS at all.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true // a TLS alert (crypto/tls), such as one about the version
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok || errors.Is(err, http.ErrSchemeMismatch)
}
