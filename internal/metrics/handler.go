package metrics

import (
	"bytes"
	"net/http"
	"net/http/pprof"
	"runtime"
	"runtime/debug"

	vm "github.com/VictoriaMetrics/metrics"
)

// Handler answers /metrics and, below /debug/pprof/, with Go's profiles. It is for an inner network: it knows nobody. How things
// stand is asked of n at each scrape.
func (m *Metrics) Handler(n Now) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		var all bytes.Buffer
		m.set.WritePrometheus(&all)
		m.writeNow(r.Context(), &all, n)
		writeBuild(&all)
		vm.WriteProcessMetrics(&all)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(all.Bytes())
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

var build = family{"onboard_build_info", []string{"version", "revision", "goversion"}}

// writeBuild says what runs here: always 1.
func writeBuild(to *bytes.Buffer) {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	vm.WriteGaugeUint64(to, build.series(version, revision, runtime.Version()), 1)
}
