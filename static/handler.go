package static

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// packed is an asset in its compressed forms, made when first asked for.
type packed struct {
	once         sync.Once
	brotli, gzip []byte
}

func (p *packed) pack(plain []byte) {
	p.once.Do(func() {
		var b, g bytes.Buffer
		bw := brotli.NewWriterLevel(&b, brotli.BestCompression)
		_, _ = bw.Write(plain)
		_ = bw.Close()
		gw, _ := gzip.NewWriterLevel(&g, gzip.BestCompression)
		_, _ = gw.Write(plain)
		_ = gw.Close()
		p.brotli, p.gzip = b.Bytes(), g.Bytes()
	})
}

// Handler serves what URL names: GET and HEAD, compressed once and kept, cacheable for a year by anyone. Everything
// else is 404; it sees the whole path, "/static/" included.
func Handler() http.Handler {
	forms := make(map[string]*packed, len(byPath))
	for path := range byPath {
		forms[path] = &packed{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		serve(w, r, a, forms[a.path])
	})
}

func serve(w http.ResponseWriter, r *http.Request, a *asset, p *packed) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	body := a.plain
	switch coding := accepted(r.Header.Get("Accept-Encoding")); coding {
	case "br":
		p.pack(a.plain)
		body = p.brotli
		header.Set("Content-Encoding", coding)
	case "gzip":
		p.pack(a.plain)
		body = p.gzip
		header.Set("Content-Encoding", coding)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// accepted chooses brotli before gzip before nothing. A coding with q=0 is refused (RFC 9110, section 12.5.3).
func accepted(header string) string {
	best := ""
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if q, given := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q="); given {
			if value, err := strconv.ParseFloat(q, 64); err != nil || value == 0 {
				continue
			}
		}
		switch coding {
		case "br":
			return "br"
		case "gzip":
			best = "gzip"
		}
	}
	return best
}
