package handlers

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/contract"
	"hallpass/store"
)

// metrics counts what the server does. Labels hold operation ids and statuses, nothing that a caller sent.
type metrics struct {
	requests   *prometheus.CounterVec
	latency    *prometheus.HistogramVec
	violations *prometheus.CounterVec
	series     sync.Map // seriesKey to series, so that a request costs no label look-up
}

type seriesKey struct {
	operation string
	status    int
}

type series struct {
	count prometheus.Counter
	took  prometheus.Observer
}

func newMetrics(registry prometheus.Registerer, c *contract.Contract, db *store.DB, now func() time.Time) *metrics {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hallpass_requests_total", Help: "Requests answered, by operation and status.",
		}, []string{"operation", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hallpass_request_seconds", Help: "Time from a request's headers to its reply, by operation.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"operation"}),
		violations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hallpass_contract_violations_total", Help: "Replies that broke the contract and were answered 500, by operation.",
		}, []string{"operation"}),
	}
	for _, op := range c.Operations() {
		m.violations.WithLabelValues(op.ID)
	}
	groups := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "hallpass_commit_group_size", Help: "Writes that shared one commit (SQLite).", Buckets: []float64{1, 2, 4, 8, 16, 32, 64},
	})
	db.ObserveGroups(func(size int) { groups.Observe(float64(size)) })
	registry.MustRegister(m.requests, m.latency, m.violations, groups, &sessionCount{db: db, now: now})
	return m
}

func (m *metrics) request(operation string, status int, took time.Duration) {
	key := seriesKey{operation, status}
	found, ok := m.series.Load(key)
	if !ok {
		found, _ = m.series.LoadOrStore(key, series{
			m.requests.WithLabelValues(operation, strconv.Itoa(status)), m.latency.WithLabelValues(operation),
		})
	}
	one, _ := found.(series)
	one.count.Inc()
	one.took.Observe(took.Seconds())
}

func (m *metrics) violation(operation string) { m.violations.WithLabelValues(operation).Inc() }

// sessionCount counts the stored sessions when it is scraped.
type sessionCount struct {
	db  *store.DB
	now func() time.Time
}

var sessionsDesc = prometheus.NewDesc("hallpass_sessions", "Stored sessions: live, and expired ones that await the sweep.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (*sessionCount) Describe(descs chan<- *prometheus.Desc) { descs <- sessionsDesc }

// Collect implements prometheus.Collector.
func (s *sessionCount) Collect(collected chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	live, expired, err := s.db.CountSessions(ctx, s.now())
	if err != nil {
		collected <- prometheus.NewInvalidMetric(sessionsDesc, err)
		return
	}
	collected <- prometheus.MustNewConstMetric(sessionsDesc, prometheus.GaugeValue, float64(live), "live")
	collected <- prometheus.MustNewConstMetric(sessionsDesc, prometheus.GaugeValue, float64(expired), "expired")
}
