package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/signin"
)

// askTenant is what to do when no tenant is known.
const askTenant = `Run "onboard doctor --tenant T" with a tenant of yours, or set ONBOARD_CONSOLE_TENANT`

// checkID reads what Aritma ID says of itself for a tenant, as a sign-in would.
func (d *doctor) checkID(ctx context.Context) finding {
	id := d.config.IDURL
	if d.tenant == "" {
		got, err := get(ctx, d.client, id.JoinPath(nobody, ".well-known", "openid-configuration"))
		switch {
		case err != nil:
			return unreachable("ONBOARD_ID_URL", id, err)
		case troubled(got.status):
			return unwell(id, got.status)
		}
		return ok("%s answers (%d for a made-up tenant); with --tenant T more can be said", id.Host, got.status)
	}
	people := signin.NewClient(id, d.config.IDClientID, d.config.IDClientSecret, d.config.PublicURL.JoinPath("signin", "callback"), d.client)
	_, err := people.EndSession(ctx, d.tenant)
	switch fault.Of(err).Kind {
	case fault.NotFound:
		return finding{broken, fmt.Sprintf("%s does not know tenant %s", id.Host, d.tenant), "Check the tenant's id, and whether it is of this environment (ONBOARD_ID_URL)"}
	case fault.Unavailable:
		if _, lost := errors.AsType[*url.Error](err); lost {
			return unreachable("ONBOARD_ID_URL", id, err)
		}
		return finding{broken, fmt.Sprintf("%s: %s", id.Host, causeOf(err)), connect("ONBOARD_ID_URL", id)}
	case fault.Forbidden:
		return finding{broken, fmt.Sprintf("%s gives itself out for another: %s", id.Host, causeOf(err)), "Write ONBOARD_ID_URL exactly as the issuer of its tokens, without the tenant"}
	}
	if err != nil {
		return finding{broken, fmt.Sprintf("%s: %s", id.Host, causeOf(err)), "Check ONBOARD_ID_URL: something else than Aritma ID may answer there"}
	}
	return ok("%s knows tenant %s; issuer and endpoints are its own", id.Host, d.tenant)
}

// checkServiceClient asks for a token, which is kept for the permission alone.
func (d *doctor) checkServiceClient(ctx context.Context) finding {
	switch {
	case d.service == nil:
		return ok("not set: an administrator's sign-in or access token is asked for")
	case d.tenant == "":
		return finding{doubtful, "not tried, since no tenant is known", askTenant}
	}
	_, err := d.service.Token(ctx, d.tenant)
	switch fault.Of(err).Kind {
	case fault.Forbidden:
		return finding{broken, fmt.Sprintf("Aritma ID refuses it for tenant %s (%s)", d.tenant, causeOf(err)), "Check ONBOARD_SERVICE_CLIENT_ID and ONBOARD_SERVICE_CLIENT_SECRET, that the client may use client credentials with the scope services.iam, and that it is of this environment"}
	case fault.NotFound:
		return finding{broken, fmt.Sprintf("Aritma ID does not know tenant %s", d.tenant), "Check the tenant's id, and whether it is of this environment (ONBOARD_ID_URL)"}
	}
	if err != nil {
		return finding{broken, "no token could be had: " + causeOf(err), "See Aritma ID above; try again when it answers"}
	}
	return ok("Aritma ID gives it a token for tenant %s", d.tenant)
}

// checkIAM asks without a token, which the API has to refuse. Where it does not list providers, people are asked for.
func (d *doctor) checkIAM(ctx context.Context) finding {
	at := d.config.IAMURL
	var got heard
	for _, path := range []string{"v1/sso", "v1/subjects/users"} {
		var err error
		if got, err = get(ctx, d.client, at.JoinPath(path)); err != nil {
			return unreachable("ONBOARD_IAM_URL", at, err)
		}
		if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			break
		}
	}
	switch {
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return ok("%s asks for a token, as it should", at.Host)
	case troubled(got.status):
		return unwell(at, got.status)
	case got.status == http.StatusNotFound:
		return finding{broken, fmt.Sprintf("%s has no IAM API at %q (404)", at.Host, at.Path), "Check the path in ONBOARD_IAM_URL: it ends before /v1, as in https://api.dev.aritma.io/core/iam"}
	}
	return finding{doubtful, fmt.Sprintf("%s answers %d without a token, where 401 is expected", at.Host, got.status), "Check ONBOARD_IAM_URL: something else than the IAM API may answer there"}
}

// checkPermission shows the service's token to the IAM API and has it list providers, which changes nothing.
func (d *doctor) checkPermission(ctx context.Context) finding {
	switch {
	case d.service == nil:
		return ok("not tried: the service has no client of its own")
	case d.tenant == "":
		return finding{doubtful, "not tried, since no tenant is known", askTenant}
	}
	token, err := d.service.Token(ctx, d.tenant)
	if err != nil {
		return finding{doubtful, "not tried, since there is no token", "Mend the service client first"}
	}
	err = accepts(ctx, iam.New(d.config.IAMURL, d.client), token)
	switch fault.Of(err).Kind {
	case fault.Unauthorized:
		return finding{broken, "the IAM API does not take the token of the service client", "Check that ONBOARD_IAM_URL and ONBOARD_ID_URL are of the same environment, and that the client has the scope services.iam"}
	case fault.Forbidden:
		return finding{broken, fmt.Sprintf("the service client has no IAM admin permissions in tenant %s", d.tenant), "Have them granted to ONBOARD_SERVICE_CLIENT_ID: a new client has none"}
	}
	if err != nil {
		return finding{broken, "could not be proven: " + causeOf(err), "See the IAM API above; try again when it answers"}
	}
	return ok("the IAM API takes the token of the service client for tenant %s", d.tenant)
}

// causeOf is the cause of a fault without what was being done, which the line says already.
func causeOf(err error) string {
	cause := fault.Of(err).Err
	if cause == nil {
		return err.Error()
	}
	if request, ok := errors.AsType[*url.Error](cause); ok {
		return reason(request)
	}
	text := cause.Error()
	for _, act := range []string{"discover Aritma ID: ", "get service token: "} {
		text = strings.TrimPrefix(text, act)
	}
	if strings.Contains(text, context.DeadlineExceeded.Error()) {
		return "no answer in time"
	}
	return text
}
