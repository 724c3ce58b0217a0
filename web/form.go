package web

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

var (
	errContentType = errors.New("form is not application/x-www-form-urlencoded")
	errFormSyntax  = errors.New("form cannot be read")
)

// readForm reads a form as browsers send it; requests that only ask have none.
func readForm(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return errContentType
	}
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return errFormSyntax
	}
	return nil
}

// text is a line that a person wrote, tidied.
func text(r *http.Request, field string) string { return wizard.CleanText(r.PostForm.Get(field)) }

// pasted is an identifier copied from the portal, tidied.
func pasted(r *http.Request, field string) string { return wizard.CleanID(r.PostForm.Get(field)) }

// secretValue takes a secret out of the form, tidied; the form no longer holds it afterwards.
func secretValue(r *http.Request, field string) secret.Secret {
	value := secret.New(wizard.CleanSecret(r.PostForm.Get(field)))
	r.PostForm.Del(field)
	r.Form.Del(field)
	return value
}

// accessToken is a pasted access token, without the word that stands before it in a header.
func accessToken(r *http.Request) secret.Secret {
	plain := secretValue(r, "token").Expose()
	if scheme, rest, found := strings.Cut(plain, " "); found && strings.EqualFold(scheme, "Bearer") {
		plain = strings.TrimSpace(rest)
	}
	return secret.New(plain)
}

// operation is the single-use id of a form that creates something; a made-up one is as good as ours, since it only
// keeps one form from acting twice.
func operation(r *http.Request) string {
	id := strings.TrimSpace(r.PostForm.Get("operation"))
	if len(id) < 16 || len(id) > 64 {
		return ""
	}
	return id
}
