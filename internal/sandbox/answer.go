package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter is what a limited answer (429) asks for.
const RetryAfter = 2 * time.Second

const (
	bodyLimit = 1 << 20
	hugeBytes = 10 << 20

	typeJSON    = "application/json"
	typeSCIM    = "application/scim+json"
	typeProblem = "application/problem+json"
)

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Only values made here are marshalled; the server cuts the connection.
		panic(err)
	}
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// answerHTML is what a proxy or a wrong host says.
func answerHTML(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Welcome</h1><p>This page is not the answer you are looking for.</p></body></html>\n")
}

// answerHuge writes ten megabytes that are JSON all the same.
func answerHuge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", typeJSON)
	block := bytes.Repeat([]byte(" "), 64<<10)
	_, _ = io.WriteString(w, "[")
	for sent := 0; sent < hugeBytes; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, "]")
}

// cut ends the connection without an answer. It does not return. Go's own client repeats a GET whose connection had
// been used before and is cut like this, so that a switch set once may go by unnoticed there; never a POST.
func cut() { panic(http.ErrAbortHandler) }

// retryLater sets Retry-After.
func retryLater(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(RetryAfter/time.Second)))
}

var errBodyTooLong = errors.New("the body is too long")

// readBody reads the whole body before anything is done: a server notices that its client has gone only after that.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return nil, errBodyTooLong
	}
	return body, err
}

// bearer returns the token of the Authorization header, empty without one.
func bearer(r *http.Request) string {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// disturbance is a fault that answers in place of the real handler.
type disturbance struct {
	by     Switch
	answer func(w http.ResponseWriter, r *http.Request)
}

// disturbed lets the switches of an upstream act. It reports whether one of them answered.
func (s *Sandbox) disturbed(w http.ResponseWriter, r *http.Request, slow Switch, others []disturbance) bool {
	if s.faults.take(slow, r.Pattern) && !s.faults.hold(r.Context()) {
		cut()
	}
	for _, d := range others {
		if s.faults.take(d.by, r.Pattern) {
			d.answer(w, r)
			return true
		}
	}
	return false
}
