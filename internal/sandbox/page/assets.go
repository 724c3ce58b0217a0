package page

import (
	"net/http"

	"github.com/aritma/entra-onboard/static"
)

// Assets serves what the pages link to, under /static/.
func Assets() http.Handler { return static.Handler() }
