package sandbox

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

// entraError is one of Microsoft's refusals. Texts are as seen in the field; they quote ids, never a secret.
type entraError struct {
	status int
	name   string // OAuth 2.0 error
	number int    // AADSTS
	text   string
}

func errNoDirectory(name string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_tenant", 90002, fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", name)}
}

func errNoDirectoryName(name string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 900023, fmt.Sprintf("Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain.", name)}
}

func errRequestMalformed() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid."}
}

func errParameterMissing(name string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 900144, fmt.Sprintf("The request body must contain the following parameter: '%s'.", name)}
}

func errGrantType(grant string) *entraError {
	return &entraError{http.StatusBadRequest, "unsupported_grant_type", 70003, fmt.Sprintf("The app requested an unsupported grant type '%s'.", grant)}
}

func errScope(scope string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_scope", 70011, fmt.Sprintf("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", scope)}
}

func errClientUnknown(clientID, company string) *entraError {
	return &entraError{http.StatusBadRequest, "unauthorized_client", 700016, fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", clientID, company)}
}

func errResourceUnknown(resource, company string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_resource", 500011, fmt.Sprintf("The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", resource, company)}
}

func errSecretMissing() *entraError {
	return &entraError{http.StatusUnauthorized, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
}

func errSecretUnknown(clientID string) *entraError {
	return &entraError{http.StatusUnauthorized, "invalid_client", 7000215, fmt.Sprintf("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", clientID)}
}

func errSecretExpired(clientID string) *entraError {
	return &entraError{http.StatusUnauthorized, "invalid_client", 7000222, fmt.Sprintf("The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", clientID)}
}

func errConditionalAccess() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."}
}

func errSingleTenant(a *application, name string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 50194, fmt.Sprintf("Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /%s endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.", a.clientID, a.name, name)}
}

func errUnknownNumber() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 9999999, "The sandbox made this number up."}
}

// traced is what a refusal carries besides its text.
type traced struct{ trace, correlation, at string }

// trace numbers a refusal. A GUID in the header client-request-id comes back as the correlation id.
func (s *Sandbox) trace(r *http.Request) traced {
	correlation := r.Header.Get("client-request-id")
	if !guidShape.MatchString(correlation) {
		correlation = uuid.NewString()
	}
	return traced{uuid.NewString(), correlation, s.now().UTC().Format("2006-01-02 15:04:05Z")}
}

// message is the text with its number.
func (e *entraError) message() string { return fmt.Sprintf("AADSTS%d: %s", e.number, e.text) }

// description is the message as the OAuth 2.0 parameter error_description has it.
func (e *entraError) description(t traced) string {
	return fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", e.message(), t.trace, t.correlation, t.at)
}

// answerEntraError answers a program in Microsoft's shape.
func (s *Sandbox) answerEntraError(w http.ResponseWriter, r *http.Request, e *entraError) {
	t := s.trace(r)
	w.Header().Set("X-Ms-Request-Id", t.trace)
	answer(w, e.status, typeJSON, map[string]any{
		"error":             e.name,
		"error_description": e.description(t),
		"error_codes":       []int{e.number},
		"timestamp":         t.at,
		"trace_id":          t.trace,
		"correlation_id":    t.correlation,
		"error_uri":         fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	})
}
