package web

import (
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
)

// MetricsOptions are the settings of Metrics.
type MetricsOptions struct {
	// Expected gives the days that should be there at a time, as the configuration says.
	Expected func(now time.Time) []ledger.Expectation
	Version  string           // of the program
	Now      func() time.Time // default time.Now
}

// Metrics are the numbers that an operator alerts on. Those of the ledger are the same in every process; calls, waits and
// windows are this process's own. It is a job.Progress, so that the queue's workers count into it.
type Metrics struct {
	registry *prometheus.Registry
	ledger   *ledgerMetrics
	log      *zap.Logger

	calls         *prometheus.CounterVec
	waits         *prometheus.CounterVec
	windows       *prometheus.CounterVec
	failures      *prometheus.CounterVec
	logins        prometheus.Counter
	pushes        *prometheus.CounterVec
	reports       *prometheus.CounterVec
	dropped       *prometheus.CounterVec
	dirUp         *prometheus.GaugeVec
	dirFiles      *prometheus.GaugeVec
	reloadOK      prometheus.Gauge
	reloadSuccess prometheus.Gauge
}

// NewMetrics gives metrics in a registry of their own.
func NewMetrics(warehouse *load.Warehouse, options MetricsOptions, log *zap.Logger) *Metrics {
	if options.Now == nil {
		options.Now = time.Now
	}
	registry := prometheus.NewPedanticRegistry()
	create := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return create.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return create.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry: registry,
		ledger:   &ledgerMetrics{warehouse: warehouse, expected: options.Expected, now: options.Now},
		log:      log.Named("metrics"),
		calls:    counter("smsetl_vendor_calls_total", "Answers of vendors to this process.", "vendor", "dataset", "outcome"),
		waits: counter("smsetl_vendor_wait_seconds_total", "Seconds that this process waited for its turn under a "+
			"vendor's limit.",
			"vendor", "action"),
		windows: counter("smsetl_windows_total", "Windows that this process brought to an end.", "source", "outcome"),
		failures: counter("smsetl_window_failures_total", "Windows that this process gave up, by what stood in the way.",
			"source", "class"),
		pushes:  counter("smsetl_pushes_total", "Pushes of vendors to this process.", "source", "outcome"),
		reports: counter("smsetl_pushed_reports_total", "Status reports in the pushes that this process kept.", "source"),
		logins:  counter("smsetl_login_failures_total", "Wrong passwords.").WithLabelValues(),
		dropped: counter("smsetl_drop_files_total", "Files of watched folders that this process moved aside.", "source",
			"outcome"),
		dirUp: gauge("smsetl_drop_dir_up", "1 when this process could look into the watched folder of the source.",
			"source"),
		dirFiles: gauge("smsetl_drop_dir_files",
			"Files in the watched folder of the source: waiting to be imported, or moved aside because they could not be.",
			"source", "state"),
		reloadOK: gauge("smsetl_config_last_reload_successful",
			"1 when the configuration file was good the last time it was read.").WithLabelValues(),
		reloadSuccess: gauge("smsetl_config_last_reload_success_timestamp_seconds",
			"When the configuration in use was read.").WithLabelValues(),
	}
	gauge("smsetl_build_info", "1, with what runs.", "version", "go_version").
		WithLabelValues(options.Version, runtime.Version()).Set(1)
	registry.MustRegister(m.ledger, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registerPool(create, warehouse.Pool().Stat)
	m.start(options.Expected(options.Now()))
	return m
}

// start gives counters that may be alerted on their first 0: a counter that begins with 1 has not increased.
func (m *Metrics) start(expected []ledger.Expectation) {
	for _, e := range expected {
		for _, class := range classes {
			m.failures.WithLabelValues(e.Source, class.name)
		}
		m.windows.WithLabelValues(e.Source, "loaded")
		m.windows.WithLabelValues(e.Source, "failed")
		m.calls.WithLabelValues(string(e.Account.Vendor), string(e.Dataset), "answered")
		m.calls.WithLabelValues(string(e.Account.Vendor), string(e.Dataset), "refused")
	}
}

// Handler answers a scrape. A database that does not answer shows as smsetl_database_up 0, and the metrics of this process
// are there all the same.
func (m *Metrics) Handler() http.Handler {
	answer := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: zap.NewStdLog(m.log), MaxRequestsInFlight: 4})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := m.ledger.refresh(r.Context()); err != nil {
			m.log.Warn("the ledger cannot be read", zap.Error(err))
		}
		answer.ServeHTTP(w, r)
	})
}

// Called counts an answer of a vendor.
func (m *Metrics) Called(answer sms.Payload) {
	outcome := "answered"
	if answer.Refused != "" {
		outcome = "refused"
	}
	m.calls.WithLabelValues(string(answer.Account.Vendor), string(answer.Dataset), outcome).Inc()
}

// Finished counts the end of a window.
func (m *Metrics) Finished(item queue.Item, _ load.Result, err error) {
	if err == nil {
		m.windows.WithLabelValues(item.Source, "loaded").Inc()
		return
	}
	m.windows.WithLabelValues(item.Source, "failed").Inc()
	m.failures.WithLabelValues(item.Source, classOf(err)).Inc()
}

// Waited counts time spent waiting for a turn. action is what the vendor counts together.
func (m *Metrics) Waited(vendor sms.Vendor, action string, waited time.Duration) {
	m.waits.WithLabelValues(string(vendor), action).Add(waited.Seconds())
}

// ExpectPushes gives the counters of a source that may be pushed to their first 0.
func (m *Metrics) ExpectPushes(source, outcome string) {
	m.pushes.WithLabelValues(source, outcome)
	m.reports.WithLabelValues(source)
}

// Pushed counts a push of a vendor, and the reports in it that were kept.
func (m *Metrics) Pushed(source, outcome string, reports int64) {
	m.pushes.WithLabelValues(source, outcome).Inc()
	m.reports.WithLabelValues(source).Add(float64(reports))
}

// LoginFailed counts a wrong password.
func (m *Metrics) LoginFailed() { m.logins.Inc() }

// Dropped counts a file of a watched folder that was moved aside.
func (m *Metrics) Dropped(source, outcome string) { m.dropped.WithLabelValues(source, outcome).Inc() }

// Watched says what was found in a watched folder.
func (m *Metrics) Watched(source string, isThere bool, waiting, failed int) {
	m.dirUp.WithLabelValues(source).Set(number(isThere))
	if isThere {
		m.dirFiles.WithLabelValues(source, "waiting").Set(float64(waiting))
		m.dirFiles.WithLabelValues(source, "failed").Set(float64(failed))
	}
}

// WatchOnly says which sources have a watched folder from now on.
func (m *Metrics) WatchOnly(sources []string) {
	m.dirUp.Reset()
	m.dirFiles.Reset()
	for _, source := range sources {
		m.dropped.WithLabelValues(source, "imported")
		m.dropped.WithLabelValues(source, "failed")
	}
}

// ConfigRead says how the configuration file was found at a time.
func (m *Metrics) ConfigRead(at time.Time, err error) {
	if err != nil {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloadSuccess.Set(seconds(at))
}

// classes are the kinds of error that cross rooms, the narrower ones first.
var classes = []struct {
	name string
	err  error
}{
	{"source_denied", sms.ErrSourceDenied},
	{"account_denied", sms.ErrAccountDenied},
	{"refused", sms.ErrRefused},
	{"malformed", sms.ErrMalformed},
	{"temporary", sms.ErrTemporary},
	{"other", nil},
}

func classOf(err error) string {
	for _, class := range classes {
		if class.err != nil && errors.Is(err, class.err) {
			return class.name
		}
	}
	return "other"
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// registerPool adds how the connections to the database are used.
func registerPool(create promauto.Factory, stat func() *pgxpool.Stat) {
	for state, connections := range map[string]func(*pgxpool.Stat) int32{
		"acquired": (*pgxpool.Stat).AcquiredConns, "idle": (*pgxpool.Stat).IdleConns,
		"constructing": (*pgxpool.Stat).ConstructingConns,
	} {
		create.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "smsetl_database_pool_connections", Help: "Connections of this process to the database.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(connections(stat())) })
	}
	create.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "smsetl_database_pool_max_connections", Help: "How many connections this process may have.",
	}, func() float64 { return float64(stat().MaxConns()) })
	create.NewCounterFunc(prometheus.CounterOpts{
		Name: "smsetl_database_pool_waits_total", Help: "How often somebody waited for a connection.",
	}, func() float64 { return float64(stat().EmptyAcquireCount()) })
	create.NewCounterFunc(prometheus.CounterOpts{
		Name: "smsetl_database_pool_wait_seconds_total", Help: "Seconds spent waiting for a connection.",
	}, func() float64 { return stat().EmptyAcquireWaitTime().Seconds() })
}
