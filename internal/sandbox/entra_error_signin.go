package sandbox

import (
	"fmt"
	"net/http"
)

// Refusals of a request to sign in.

func errRedirectMissing() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 500113, "No reply address is registered for the application."}
}

func errRedirectDiffers(uri, clientID string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 50011, fmt.Sprintf("The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this error.", uri, clientID)}
}

func errResponseType(asked string) *entraError {
	number := 700051
	if asked == "id_token" {
		number = 700054
	}
	return &entraError{http.StatusBadRequest, "unsupported_response_type", number, fmt.Sprintf("response_type '%s' is not enabled for the application.", asked)}
}

func errResponseMode(asked string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 70007, fmt.Sprintf("'%s' is not a supported value of 'response_mode' when requesting a token.", asked)}
}

func errChallengeSize() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 50147, "Invalid size of Code_Challenge parameter."}
}

func errNobodySignedIn() *entraError {
	return &entraError{http.StatusBadRequest, "login_required", 50058, "A silent sign-in request was sent but no user is signed in."}
}

// Refusals of a person.

func errForeignPerson(p *person, home, d *directory, a *application) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 50020, fmt.Sprintf("User account '%s' from identity provider 'https://sts.windows.net/%s/' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", p.userPrincipalName, home.id, d.company, a.clientID, a.name)}
}

func errPersonUnknown(name string, d *directory) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 50034, fmt.Sprintf("The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", name, d.domain)}
}

func errConsentMissing(a *application) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 65001, fmt.Sprintf("The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", a.clientID, a.name)}
}

func errNotAssigned(a *application, p *person) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 50105, fmt.Sprintf("Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.", a.name, a.clientID, p.userPrincipalName)}
}

// Refusals of a code.

func errCodeUnknown() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 70000, "The provided value for the input parameter 'code' is not valid."}
}

func errCodeRedeemed() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."}
}

func errCodeExpired() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."}
}

func errCodeAddress(sent, asked string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 500112, fmt.Sprintf("The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", sent, asked)}
}

func errVerifier() *entraError {
	return &entraError{http.StatusBadRequest, "invalid_grant", 50148, "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."}
}
