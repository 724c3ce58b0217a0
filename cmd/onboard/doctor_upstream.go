package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/outbound"
)

// nobody is a tenant that is asked for when none is known: whether the host answers is all that is learnt then.
const nobody = "onboard-doctor"

func (d *doctor) someTenant() string {
	if d.tenant == "" {
		return nobody
	}
	return d.tenant
}

// checkSCIM asks for people without a token, which the endpoint has to refuse.
func (d *doctor) checkSCIM(ctx context.Context) finding {
	base, err := url.Parse(strings.ReplaceAll(d.config.SCIMURLTemplate, "{tenant}", url.PathEscape(d.someTenant())))
	if err != nil {
		return finding{broken, "the Tenant URL is no address", "Mend ONBOARD_SCIM_URL_TEMPLATE"}
	}
	got, err := get(ctx, d.client, base.JoinPath("Users"))
	switch {
	case err != nil:
		return unreachable("ONBOARD_SCIM_URL_TEMPLATE", base, err)
	case troubled(got.status):
		return unwell(base, got.status)
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return ok("%s asks for a token, as it should", base.Host)
	case d.tenant == "":
		return ok("%s answers (%d for a made-up tenant); with --tenant T more can be said", base.Host, got.status)
	}
	return finding{doubtful, fmt.Sprintf("%s answers %d for tenant %s without a token, where 401 is expected", base.Host, got.status, d.tenant), "Compare ONBOARD_SCIM_URL_TEMPLATE with the Tenant URL that Aritma names"}
}

// checkMicrosoft reads what Microsoft's sign-in host says of itself.
func (d *doctor) checkMicrosoft(ctx context.Context) finding {
	variable, at := "", entra.Hosts(nil)[0]
	if d.config.EntraLoginURL != nil {
		variable, at = "ONBOARD_ENTRA_LOGIN_URL", d.config.EntraLoginURL
	}
	got, err := get(ctx, d.client, at.JoinPath("organizations", "v2.0", ".well-known", "openid-configuration"))
	switch {
	case err != nil:
		return unreachable(variable, at, err)
	case troubled(got.status):
		return unwell(at, got.status)
	}
	var said struct {
		Token string `json:"token_endpoint"`
	}
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &said) != nil || said.Token == "" {
		return finding{doubtful, fmt.Sprintf("%s answers %d, and not as Microsoft does", at.Host, got.status), "Something in between may answer in its place: check proxies and DNS"}
	}
	if d.config.EntraLoginURL != nil {
		return finding{doubtful, at.Host + " answers in place of Microsoft", "Remove ONBOARD_ENTRA_LOGIN_URL where real companies are connected"}
	}
	return ok("%s answers", at.Host)
}

// checkWebhook connects to the receiver's host and asks for nothing of it: no message is sent.
func (d *doctor) checkWebhook(ctx context.Context) finding {
	hook := d.config.WebhookURL
	if hook == nil {
		return ok("not set: nobody is told")
	}
	client := newWebhookClient(d.config, nil)
	defer client.CloseIdleConnections()
	if _, err := ask(outbound.Once(ctx), client, http.MethodHead, &url.URL{Scheme: hook.Scheme, Host: hook.Host, Path: "/"}); err != nil {
		return unreachable("ONBOARD_WEBHOOK_URL", hook, err)
	}
	return ok("%s can be connected to; no message was sent", hook.Host)
}
