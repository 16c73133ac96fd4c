package telemetry

import (
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"coffer/consent"
	"coffer/internal/sqldb"
)

// Metrics are a daemon's numbers. Its methods may be called from many goroutines.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	routes   map[string]route
	gate     map[consent.Action]map[string]prometheus.Counter
	store    *prometheus.HistogramVec
	lines    [len(levels)]prometheus.Counter
	unlisted prometheus.Counter
}

// route is one that is registered.
type route struct {
	requests [len(classes)]prometheus.Counter
	took     prometheus.Observer
}

// New makes the numbers of a program of this version.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), routes: map[string]route{}, gate: map[consent.Action]map[string]prometheus.Counter{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "coffer_build_info", Help: "1; the labels say which program this is."}, []string{"version", "go"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "coffer_http_requests_total", Help: "Requests answered, by registered route and first digit of the status."}, []string{"route", "class"})
	m.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "coffer_http_request_seconds", Help: "How long answering took. Routes that wait for events take as long as they wait.",
		Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10}}, []string{"route"})
	gate := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "coffer_gate_outcomes_total", Help: "What the gate said to businesses, one for each attempt and for each attribute that was left out of one."}, []string{"action", "outcome"})
	m.store = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "coffer_store_seconds", Help: "How long the store's work took: a write until it was durable, a commit of many, folding in the log, rewriting the file.",
		Buckets: []float64{.0005, .002, .01, .05, .25, 1, 5, 30}}, []string{"work"})
	lines := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "coffer_log_lines_total", Help: "Lines written to the log."}, []string{"level"})
	m.unlisted = prometheus.NewCounter(prometheus.CounterOpts{Name: "coffer_log_unlisted_total", Help: "Things left out of lines of the log because their key is not in the vocabulary: a mistake in the program."})
	m.registry.MustRegister(build, m.requests, m.took, gate, m.store, lines, m.unlisted)

	for _, a := range actions {
		m.gate[a] = map[string]prometheus.Counter{}
		for _, o := range outcomes() {
			m.gate[a][o] = gate.WithLabelValues(string(a), o)
		}
	}
	for _, w := range sqldb.Works {
		m.store.WithLabelValues(w)
	}
	for i, l := range levels {
		m.lines[i] = lines.WithLabelValues(l)
	}
	m.register(unrouted)
	return m
}

// outcomes are all that the gate can say.
func outcomes() []string {
	out := []string{allowed, notFound, business, other}
	for _, r := range reasons {
		out = append(out, string(r))
	}
	return out
}

// Routes takes the templates of the routes that there are, before the first request.
// Those with an id have its place in them ("/wallet/v1/grants/{id}"), never the id.
func (m *Metrics) Routes(templates []string) {
	for _, t := range templates {
		m.register(t)
	}
}

func (m *Metrics) register(template string) {
	if _, known := m.routes[template]; known {
		return
	}
	var r route
	for c := range classes {
		r.requests[c] = m.requests.WithLabelValues(template, Class(c).String())
	}
	r.took = m.took.WithLabelValues(template)
	m.routes[template] = r
}

// Answered counts one request. What was not registered counts as unknown.
func (m *Metrics) Answered(template string, status int, took time.Duration) {
	r, known := m.routes[template]
	if !known {
		r = m.routes[unrouted]
	}
	r.requests[classOf(status)].Inc()
	r.took.Observe(took.Seconds())
}

// Ruled counts what the gate said: nil, a *consent.Denial, consent.ErrNotFound, or
// another of its errors.
func (m *Metrics) Ruled(a consent.Action, err error) {
	outcome := business
	denial := consent.DenialOf(err)
	switch {
	case err == nil:
		outcome = allowed
	case denial != nil:
		outcome = string(denial.Reason)
	case errors.Is(err, consent.ErrNotFound):
		outcome = notFound
	}
	c, known := m.gate[a][outcome]
	if !known {
		if c, known = m.gate[a][other]; !known {
			return
		}
	}
	c.Inc()
}

// Works is how the store of vaults and consent tells how long its work took.
func (m *Metrics) Works() func(sqldb.Work, time.Duration) {
	var by [len(sqldb.Works)]prometheus.Observer
	for w, name := range sqldb.Works {
		by[w] = m.store.WithLabelValues(name)
	}
	return func(w sqldb.Work, took time.Duration) {
		if int(w) < len(by) {
			by[w].Observe(took.Seconds())
		}
	}
}

// Handler answers with the numbers, and nothing else.
func (m *Metrics) Handler() http.Handler {
	numbers := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/metrics" {
			http.Error(w, "there is only GET /metrics", http.StatusNotFound)
			return
		}
		numbers.ServeHTTP(w, r)
	})
}
