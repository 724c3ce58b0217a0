package sandbox

import "strings"

// Switch names one fault. The value is its name in forms; its sentence for people is in the catalogue under
// MessageID.
type Switch string

// Aritma ID.
const (
	IDUnavailable            Switch = "id-unavailable"              // token requests are answered 503
	IDSlow                   Switch = "id-slow"                     // held until released, the client leaves, or HoldLimit
	IDGarbled                Switch = "id-garbled"                  // an HTML page with status 200
	IDClientRefused          Switch = "id-client-refused"           // 401 invalid_client, right as the secret may be
	IDTokenWithoutPermission Switch = "id-token-without-permission" // the token lacks the scope services.iam
	IDTokenExpired           Switch = "id-token-expired"            // the token has expired when it is given
)

// Aritma ID, sign-in of people.
const (
	IDSlowSignin         Switch = "id-slow-signin"          // authorize is held until released, the client leaves, or HoldLimit
	IDAsksForPage        Switch = "id-asks-for-page"        // authorize answers a page with a button instead of leading on
	IDRedirectDiffers    Switch = "id-redirect-differs"     // Microsoft is sent …/federation/{scheme}/callback
	IDRefusesUnknown     Switch = "id-refuses-unknown"      // somebody who does not exist in Aritma is not let in
	IDTokenWrongNonce    Switch = "id-token-wrong-nonce"    // the ID token carries another nonce
	IDTokenWrongIssuer   Switch = "id-token-wrong-issuer"   // the ID token names another issuer
	IDTokenWrongAudience Switch = "id-token-wrong-audience" // the ID token is for another client
	IDTokenWrongTenant   Switch = "id-token-wrong-tenant"   // the tid of the ID token is another tenant
	IDTokenWrongKey      Switch = "id-token-wrong-key"      // the ID token is signed by a key that is not published
	IDTokenStale         Switch = "id-token-stale"          // the ID token has expired when it is given
	IDShortTokens        Switch = "id-short-tokens"         // the access token of a person lives 30 seconds
	IDRefreshRefused     Switch = "id-refresh-refused"      // invalid_grant for a refresh token, good as it may be; it is gone then
	IDNoRefresh          Switch = "id-no-refresh"           // discovery lacks offline_access, and no refresh token is given
	IDNoEndSession       Switch = "id-no-end-session"       // discovery lacks end_session_endpoint
)

// Aritma IAM, any operation. The first eight act before anything is done.
const (
	IAMSlow          Switch = "iam-slow"           // held until released, the client leaves (then nothing is done), or HoldLimit
	IAMConnectionCut Switch = "iam-connection-cut" // the connection is cut, nothing was done
	IAMUnavailable   Switch = "iam-unavailable"    // 503
	IAMLimited       Switch = "iam-limited"        // 429 with Retry-After
	IAMGarbled       Switch = "iam-garbled"        // an HTML page with status 200
	IAMHuge          Switch = "iam-huge"           // ten megabytes with status 200
	IAMUnauthorized  Switch = "iam-unauthorized"   // 401, good as the token may be
	IAMForbidden     Switch = "iam-forbidden"      // 403, good as the token may be
	IAMTextErrors    Switch = "iam-text-errors"    // an error is answered as plain text instead of problem+json
	IAMEmptyErrors   Switch = "iam-empty-errors"   // an error is answered without a body
)

// Aritma IAM: done, but the answer is lost with the connection.
const (
	RegisterAnswerLost    Switch = "register-answer-lost"
	UpdateAnswerLost      Switch = "update-answer-lost"
	CreateTokenAnswerLost Switch = "create-token-answer-lost"
	DeleteAnswerLost      Switch = "delete-answer-lost" // providers and SCIM tokens
)

// Aritma IAM: other shapes of an answer.
const (
	RegisterAnswersLinksObject Switch = "register-answers-links-object" // {"links":[…]} instead of the array
	RegisterAnswersProvider    Switch = "register-answers-provider"     // 200 with the provider
	RegisterAnswersLocation    Switch = "register-answers-location"     // 201 without a body, the id in Location
	NoProviderID               Switch = "no-provider-id"                // 201, empty
	DuplicateAs400             Switch = "duplicate-as-400"
	DuplicateAs500             Switch = "duplicate-as-500"
	ListNotOffered             Switch = "list-not-offered" // 404 on GET /v1/sso and GET /v1/scim
	ListWrapped                Switch = "list-wrapped"     // {"data":[…]}
	ListInItems                Switch = "list-in-items"    // {"items":[…]}
	IDsAsText                  Switch = "ids-as-text"      // provider ids as strings
	UpdateNotOffered           Switch = "update-not-offered"
	UpdateAnswersNoContent     Switch = "update-answers-no-content"
	DeleteNotOffered           Switch = "delete-not-offered"
	DeleteAnswersBody          Switch = "delete-answers-body" // 200 and a body instead of 204
	CreateTokenWithoutValue    Switch = "create-token-without-value"
)

// The SCIM endpoint, any operation.
const (
	SCIMSlow         Switch = "scim-slow"
	SCIMUnavailable  Switch = "scim-unavailable"  // 503
	SCIMUnauthorized Switch = "scim-unauthorized" // 401, live as the token may be
	SCIMNotFound     Switch = "scim-not-found"    // 404
	SCIMHTML         Switch = "scim-html"         // an HTML page with status 200
)

// Microsoft Entra sign-in. The first five act on directory look-up, pages and token request alike, the others on token
// requests; conditional access also on the choice of an account.
const (
	EntraSlow              Switch = "entra-slow"
	EntraUnreachable       Switch = "entra-unreachable" // the connection is cut
	EntraUnavailable       Switch = "entra-unavailable" // 503
	EntraLimited           Switch = "entra-limited"     // 429 with Retry-After
	EntraGarbled           Switch = "entra-garbled"     // an HTML page with status 200
	EntraClientUnknown     Switch = "entra-client-unknown"
	EntraSecretUnknown     Switch = "entra-secret-unknown"
	EntraSecretExpired     Switch = "entra-secret-expired"
	EntraConditionalAccess Switch = "entra-conditional-access"
	EntraUnknownError      Switch = "entra-unknown-error" // a number that no table knows
)

// What really goes wrong: one switch for each of the mistakes that people make in the portal, for tests and training. The
// comment names what it does; the number is that of docs/mistakes.md.
const (
	MistakeSecretID        Switch = "mistake-secret-id"         // 1: the portal hands out the Secret ID where Value is copied
	MistakeSecretMangled   Switch = "mistake-secret-mangled"    // 2: what is copied has a brace, a quote and a blank around it
	MistakeSecretExpired   Switch = "mistake-secret-expired"    // 3: a new client secret is one day past its end
	MistakeRedirectSlash   Switch = "mistake-redirect-slash"    // 4: a redirect URI is saved with a slash at its end
	MistakeIDsSwapped      Switch = "mistake-ids-swapped"       // 5: Overview shows each id under the other's label
	MistakeCommonAuthority Switch = "mistake-common-authority"  // 6: Aritma ID asks /common instead of the directory
	MistakeNoConsent       Switch = "mistake-no-consent"        // 7: sign-in needs consent, whatever was granted
	MistakeNotAssigned     Switch = "mistake-not-assigned"      // 8: sign-in finds nobody assigned
	MistakePolicy          Switch = "mistake-policy"            // 9: conditional access stops the sign-in of a person
	MistakeNoEmailClaim    Switch = "mistake-no-email-claim"    // 10: ID tokens come without the claim email
	MistakeBareApp         Switch = "mistake-bare-app"          // 11: the application cannot provision
	MistakeTenantURLCut    Switch = "mistake-tenant-url-cut"    // 12: provisioning uses the Tenant URL without its suffix
	MistakePatchFlag       Switch = "mistake-patch-flag"        // 13: the Tenant URL carries the flag; Provision on demand fails
	MistakeSlowCycle       Switch = "mistake-slow-cycle"        // 14: Start does nothing before 40 minutes have passed
	MistakeTokenCut        Switch = "mistake-token-cut"         // 15: provisioning uses a Secret Token that lacks its end
	MistakeNobodyInScope   Switch = "mistake-nobody-in-scope"   // 16: assigned groups reach nobody
	MistakeUserNameDiffers Switch = "mistake-user-name-differs" // 17: userName is provisioned from a name that is not the e-mail
)

// Mistakes are the switches of the portal's mistakes, in the order of docs/mistakes.md: the first is number 1.
func Mistakes() []Switch {
	return []Switch{
		MistakeSecretID, MistakeSecretMangled, MistakeSecretExpired, MistakeRedirectSlash, MistakeIDsSwapped, MistakeCommonAuthority,
		MistakeNoConsent, MistakeNotAssigned, MistakePolicy, MistakeNoEmailClaim, MistakeBareApp, MistakeTenantURLCut, MistakePatchFlag,
		MistakeSlowCycle, MistakeTokenCut, MistakeNobodyInScope, MistakeUserNameDiffers,
	}
}

var switches = append(Mistakes(), []Switch{
	IDUnavailable, IDSlow, IDGarbled, IDClientRefused, IDTokenWithoutPermission, IDTokenExpired,
	IDSlowSignin, IDAsksForPage, IDRedirectDiffers, IDRefusesUnknown,
	IDTokenWrongNonce, IDTokenWrongIssuer, IDTokenWrongAudience, IDTokenWrongTenant, IDTokenWrongKey, IDTokenStale,
	IDShortTokens, IDRefreshRefused, IDNoRefresh, IDNoEndSession,
	IAMUnauthorized, IAMForbidden, IAMUnavailable, IAMLimited, IAMSlow, IAMConnectionCut, IAMGarbled, IAMHuge, IAMTextErrors, IAMEmptyErrors,
	RegisterAnswerLost, UpdateAnswerLost, CreateTokenAnswerLost, DeleteAnswerLost,
	RegisterAnswersLinksObject, RegisterAnswersProvider, RegisterAnswersLocation, NoProviderID, DuplicateAs400, DuplicateAs500,
	ListNotOffered, ListWrapped, ListInItems, IDsAsText, UpdateNotOffered, UpdateAnswersNoContent, DeleteNotOffered, DeleteAnswersBody, CreateTokenWithoutValue,
	SCIMUnauthorized, SCIMNotFound, SCIMHTML, SCIMUnavailable, SCIMSlow,
	EntraUnreachable, EntraUnavailable, EntraLimited, EntraSlow, EntraGarbled,
	EntraClientUnknown, EntraSecretUnknown, EntraSecretExpired, EntraConditionalAccess, EntraUnknownError,
}...)

// Switches lists every switch in the order in which a page shows them.
func Switches() []Switch { return append([]Switch(nil), switches...) }

// ParseSwitch returns the switch of that name.
func ParseSwitch(name string) (Switch, bool) {
	for _, sw := range switches {
		if string(sw) == name {
			return sw, true
		}
	}
	return "", false
}

// MessageID is the id of the switch's one-line description.
func (sw Switch) MessageID() string { return "sandbox.fault." + string(sw) }

// Upstream names whose switch it is: "id", "iam", "scim", "entra", or "mistake" for what people do.
func (sw Switch) Upstream() string {
	for _, upstream := range []string{"id", "scim", "entra", "mistake"} {
		if strings.HasPrefix(string(sw), upstream+"-") {
			return upstream
		}
	}
	return "iam"
}
