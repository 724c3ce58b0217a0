package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/aritma/entra-onboard/internal/outbound"
)

// maxRead is how much of an answer is looked at.
const maxRead = 64 << 10

// heard is what an upstream said.
type heard struct {
	status int
	body   string
}

// get asks without any credential.
func get(ctx context.Context, client *http.Client, at *url.URL) (heard, error) {
	return ask(ctx, client, http.MethodGet, at)
}

func ask(ctx context.Context, client *http.Client, method string, at *url.URL) (heard, error) {
	request, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return heard{}, err
	}
	request.Header.Set("User-Agent", "aritma-entra-onboard")
	answer, err := client.Do(request)
	if err != nil {
		return heard{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxRead))
	if err != nil {
		return heard{}, err
	}
	return heard{answer.StatusCode, string(body)}, nil
}

// reason says in a few words why there was no answer.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "the name " + dns.Name + " is not known"
		}
		return "the name " + dns.Name + " cannot be looked up"
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not accepted: " + certificate.Err.Error()
	}
	switch {
	case errors.Is(err, outbound.ErrRefused):
		return "its address is not a public one, and is not connected to"
	case outbound.TimedOut(err):
		return "no answer in time"
	}
	if request, ok := errors.AsType[*url.Error](err); ok { // without the address, which is told beside
		err = request.Err
	}
	return err.Error()
}

// unreachable is an upstream that does not answer at the address that a variable gave; no variable, where it is Microsoft's own.
func unreachable(variable string, at *url.URL, err error) finding {
	return finding{broken, fmt.Sprintf("%s does not answer: %s", at.Host, reason(err)), connect(variable, at)}
}

// connect is what to do about it.
func connect(variable string, at *url.URL) string {
	todo := fmt.Sprintf("Let this machine connect to %s directly: look at DNS and firewall; HTTP_PROXY is not used", at.Host)
	if variable == "" {
		return todo
	}
	return "Check " + variable + ". " + todo
}

// unwell is an upstream that answers with a trouble of its own.
func unwell(at *url.URL, status int) finding {
	return finding{broken, fmt.Sprintf("%s answers %d", at.Host, status), "The trouble is on that side: try again later, and ask its operator when it stays"}
}

func troubled(status int) bool { return status >= 500 || status == http.StatusTooManyRequests }
