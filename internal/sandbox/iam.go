package sandbox

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// iamCall is one authorised request to the IAM API.
type iamCall struct {
	w      http.ResponseWriter
	r      *http.Request
	tenant *tenant
	claims claims
	body   []byte
}

func (s *Sandbox) routeIAM(mux *http.ServeMux) {
	for pattern, operation := range map[string]struct {
		do   func(iamCall)
		lost Switch // the switch that loses this operation's answer
	}{
		"GET /core/iam/v1/sso":                 {do: s.listProviders},
		"POST /core/iam/v1/sso/azuread":        {s.createProvider, RegisterAnswerLost},
		"GET /core/iam/v1/sso/azuread/{id}":    {do: s.getProvider},
		"PUT /core/iam/v1/sso/azuread/{id}":    {s.updateProvider, UpdateAnswerLost},
		"DELETE /core/iam/v1/sso/azuread/{id}": {s.deleteProvider, DeleteAnswerLost},
		"GET /core/iam/v1/scim":                {do: s.listSCIMTokens},
		"POST /core/iam/v1/scim":               {s.createSCIMToken, CreateTokenAnswerLost},
		"DELETE /core/iam/v1/scim/{id}":        {s.deleteSCIMToken, DeleteAnswerLost},
		"GET /core/iam/v1/domains":             {do: s.listDomains},
		"POST /core/iam/v1/domains":            {do: s.registerDomain},
		"DELETE /core/iam/v1/domains":          {do: s.unregisterDomain},
		"GET /core/iam/v1/domains/status":      {do: s.domainStatus},
		"GET /core/iam/v1/subjects/users":      {do: s.listUsers},
		"GET /core/iam/v1/subjects/groups":     {do: s.listGroups},
		"GET /core/iam/v1/me":                  {do: s.me},
	} {
		mux.HandleFunc(pattern, s.iamOperation(operation.do, operation.lost))
	}
}

// iamOperation authorises and counts a request, lets the faults act, and does the operation.
func (s *Sandbox) iamOperation(do func(iamCall), lost Switch) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, tokenErr := s.verify(bearer(r))
		t := s.tenants.get(c.TenantID)
		t.count(r.Pattern)
		body, err := readBody(w, r)
		if err != nil {
			s.problem(w, r, http.StatusRequestEntityTooLarge, "The request cannot be read.", nil)
			return
		}
		if s.disturbed(w, r, IAMSlow, s.iamDisturbances()) {
			return
		}
		switch {
		case tokenErr != nil:
			s.unauthorized(w, r)
			return
		case !c.hasScope(scopeIAM):
			s.problem(w, r, http.StatusForbidden, "The client has no IAM admin permissions.", nil)
			return
		}
		if s.faults.take(lost, r.Pattern) {
			do(iamCall{&discardWriter{header: http.Header{}}, r, t, c, body})
			cut()
		}
		do(iamCall{w, r, t, c, body})
	}
}

func (s *Sandbox) iamDisturbances() []disturbance {
	return []disturbance{
		{IAMConnectionCut, func(http.ResponseWriter, *http.Request) { cut() }},
		{IAMUnavailable, func(w http.ResponseWriter, r *http.Request) {
			s.problem(w, r, http.StatusServiceUnavailable, "The service is not available.", nil)
		}},
		{IAMLimited, func(w http.ResponseWriter, r *http.Request) {
			retryLater(w)
			s.problem(w, r, http.StatusTooManyRequests, "Too many requests.", nil)
		}},
		{IAMGarbled, func(w http.ResponseWriter, _ *http.Request) { answerHTML(w) }},
		{IAMHuge, func(w http.ResponseWriter, _ *http.Request) { answerHuge(w) }},
		{IAMUnauthorized, s.unauthorized},
		{IAMForbidden, func(w http.ResponseWriter, r *http.Request) {
			s.problem(w, r, http.StatusForbidden, "The client has no IAM admin permissions.", nil)
		}},
	}
}

func (s *Sandbox) unauthorized(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	s.problem(w, r, http.StatusUnauthorized, "The access token is missing or not good.", nil)
}

// problem answers an error in the shape of RFC 9457 with a traceId, or as the switches for errors want it. keyErr
// names the key that is at fault, if one is.
func (s *Sandbox) problem(w http.ResponseWriter, r *http.Request, status int, detail string, keyErr *badKey) {
	switch {
	case s.faults.take(IAMEmptyErrors, r.Pattern):
		w.WriteHeader(status)
		return
	case s.faults.take(IAMTextErrors, r.Pattern):
		http.Error(w, detail, status)
		return
	}
	body := map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
		"traceId": strings.ReplaceAll(uuid.NewString(), "-", ""),
	}
	if keyErr != nil {
		body["errors"] = map[string][]string{keyErr.path: {keyErr.Error()}}
	}
	answer(w, status, typeProblem, body)
}

// fail answers an error of the call.
func (s *Sandbox) fail(c iamCall, status int, detail string) {
	s.problem(c.w, c.r, status, detail, nil)
}

// read decodes the body strictly, or answers 400 or 415 and reports false.
func (s *Sandbox) read(c iamCall, keys []key, v any) bool {
	if !hasType(c.r, typeJSON) {
		s.fail(c, http.StatusUnsupportedMediaType, "The body must be application/json.")
		return false
	}
	err := readStrict(c.body, keys, v)
	if err == nil {
		return true
	}
	s.refuse(c, err)
	return false
}

// refuse answers 400 and names the key where one is at fault.
func (s *Sandbox) refuse(c iamCall, err error) {
	keyErr, _ := errors.AsType[*badKey](err)
	s.problem(c.w, c.r, http.StatusBadRequest, "The request does not fit: "+err.Error()+".", keyErr)
}

// list answers a list in the shape that is switched on; the bare array by default.
func (s *Sandbox) list(c iamCall, items any) {
	switch {
	case s.faults.take(ListNotOffered, c.r.Pattern):
		s.fail(c, http.StatusNotFound, "There is no such operation.")
	case s.faults.take(ListWrapped, c.r.Pattern):
		answer(c.w, http.StatusOK, typeJSON, map[string]any{"data": items})
	case s.faults.take(ListInItems, c.r.Pattern):
		answer(c.w, http.StatusOK, typeJSON, map[string]any{"items": items})
	default:
		answer(c.w, http.StatusOK, typeJSON, items)
	}
}

// deleted answers a deletion in the shape that is switched on; 204 by default.
func (s *Sandbox) deleted(c iamCall) {
	if s.faults.take(DeleteAnswersBody, c.r.Pattern) {
		answer(c.w, http.StatusOK, typeJSON, map[string]any{"deleted": true})
		return
	}
	c.w.WriteHeader(http.StatusNoContent)
}

// me describes the bearer of the token.
func (s *Sandbox) me(c iamCall) {
	name := c.claims.Email
	if name == "" {
		name = c.claims.Subject
	}
	answer(c.w, http.StatusOK, typeJSON, map[string]any{
		"id": c.claims.Subject, "userName": name, "email": c.claims.Email, "phoneNumber": "", "twoFactorEnabled": c.claims.Email != "",
		"roles": []any{},
	})
}
