package web

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
)

// How long what was read from the ledger is given again, so that scraping cannot be made into work, and how long reading may
// take. The totals look at every load there ever was.
const (
	monitorAge    = 10 * time.Second
	totalsAge     = 2 * time.Minute
	ledgerTimeout = 5 * time.Second
)

// ledgerMetrics are read from the warehouse. What could not be read now is not shown at all: an old number would look like
// a present one.
type ledgerMetrics struct {
	warehouse *load.Warehouse
	expected  func(now time.Time) []ledger.Expectation
	now       func() time.Time

	mu       sync.Mutex
	at       time.Time // when monitor was tried last
	totalsAt time.Time
	isUp     bool
	monitor  read.Monitor
	paused   map[string]time.Time
	totals   []read.Totals
	pushes   []messages.PushBacklog
}

// refresh reads the ledger when what is there is too old. Scrapes at the same time wait for one of them.
func (l *ledgerMetrics) refresh(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < monitorAge {
		return nil
	}
	// The answer is everybody's, so it does not end with the one who asked.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer cancel()
	var err error
	l.monitor, err = read.New(l.warehouse.DB, l.now).Monitor(ctx, l.expected(l.now()))
	if err == nil {
		l.paused, err = queue.Paused(ctx, l.warehouse.Pool(), sourcesOf(l.monitor.Status))
	}
	if err == nil {
		l.pushes, err = messages.PushBacklogs(ctx, l.warehouse.DB, l.now())
	}
	if err == nil && time.Since(l.totalsAt) >= totalsAge {
		if l.totals, err = read.New(l.warehouse.DB, l.now).Totals(ctx); err == nil {
			l.totalsAt = time.Now()
		}
	}
	l.at, l.isUp = time.Now(), err == nil
	return err
}

var (
	datasetLabels = []string{"source", "vendor", "account", "dataset"}

	databaseUp    = prometheus.NewDesc("smsetl_database_up", "1 when the warehouse answered the last time it was asked, at most 10 s ago.", nil, nil)
	datasetAge    = prometheus.NewDesc("smsetl_dataset_age_seconds", "Seconds since the end of the newest day that is loaded; of the history's start when none is.", datasetLabels, nil)
	datasetUpTo   = prometheus.NewDesc("smsetl_dataset_complete_up_to_timestamp_seconds", "End of the last day until which every expected day is loaded.", datasetLabels, nil)
	datasetSeen   = prometheus.NewDesc("smsetl_dataset_last_success_timestamp_seconds", "When an answer of the vendor was last believed; 0 for never.", datasetLabels, nil)
	datasetDays   = prometheus.NewDesc("smsetl_dataset_days", "Expected days by their state.", append(datasetLabels[:4:4], "state"), nil)
	datasetGapAge = prometheus.NewDesc("smsetl_dataset_gap_age_seconds", "Seconds since the end of the oldest day that is missing or failed; 0 when none is.", datasetLabels, nil)
	datasetLeaves = prometheus.NewDesc("smsetl_dataset_leaving_days", "Days that are not loaded and that the vendor "+
		"will no longer keep in a week.", datasetLabels, nil)
	datasetLate   = prometheus.NewDesc("smsetl_dataset_late_days", "Days that are not loaded, or not final, by expect_final_by; only of sources that name it.", datasetLabels, nil)
	sourceFailing = prometheus.NewDesc("smsetl_source_failing", "1 when the last load of every dataset of the source failed.", []string{"source"}, nil)
	sourcePaused  = prometheus.NewDesc("smsetl_source_paused", "1 when somebody has paused the source.", []string{"source"}, nil)
	loadsTotal    = prometheus.NewDesc("smsetl_loads_total", "Loads of every process since the warehouse was made.", []string{"source", "outcome"}, nil)
	rowsTotal     = prometheus.NewDesc("smsetl_rows_total", "Rows of the facts by what loads of every process did with them, since the warehouse was made.", []string{"source", "outcome"}, nil)
	queueJobs     = prometheus.NewDesc("smsetl_queue_jobs", "Jobs that will still be worked, or are.", []string{"queue", "state"}, nil)
	queueWait     = prometheus.NewDesc("smsetl_queue_oldest_wait_seconds", "Seconds that the oldest job has been waiting for a worker; 0 when none does.", []string{"queue"}, nil)
	openFindings  = prometheus.NewDesc("smsetl_open_findings", "Findings that nobody has settled.", []string{"severity"}, nil)
	workers       = prometheus.NewDesc("smsetl_workers", "Programs that work the queue and live.", nil, nil)
	noticesWait   = prometheus.NewDesc("smsetl_notices_waiting", "Notices that the webhook has not taken.", nil, nil)
	noticesAge    = prometheus.NewDesc("smsetl_notices_oldest_wait_seconds", "Seconds that the oldest of them has been due; 0 when there is none.", nil, nil)
	noticesLost   = prometheus.NewDesc("smsetl_notices_unknown", "Notices over which a program died: nobody knows whether they arrived.", nil, nil)

	pushesUnmerged = prometheus.NewDesc("smsetl_pushes_unmerged", "Pushes that are kept, and whose reports no fact "+
		"knows of yet.", []string{"source"}, nil)
	pushesWait = prometheus.NewDesc("smsetl_pushes_oldest_unmerged_seconds",
		"Seconds that the oldest of them has been waiting; 0 when there is none.", []string{"source"}, nil)
	reportsWait = prometheus.NewDesc("smsetl_waiting_reports", "Status reports of messages that no export has reported "+
		"yet.", []string{"source"}, nil)
	touchedDays = prometheus.NewDesc("smsetl_touched_days", "Loaded days that are to be counted anew because of "+
		"reports.", []string{"source"}, nil)
	pushedLast = prometheus.NewDesc("smsetl_push_last_timestamp_seconds",
		"When a push came last that brought something new; 0 for never.", []string{"source"}, nil)
)

// Describe names none of the metrics: the registry checks them when they are collected.
func (*ledgerMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect gives what was read.
func (l *ledgerMetrics) Collect(to chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if !l.isUp {
		gauge(databaseUp, 0)
		return
	}
	gauge(databaseUp, 1)
	now := l.now()
	for _, s := range l.monitor.Status {
		l.dataset(s, now, gauge)
	}
	failing := ledger.FailingSources(l.monitor.Status)
	for _, source := range sourcesOf(l.monitor.Status) {
		_, fails := failing[source]
		gauge(sourceFailing, number(fails), source)
		_, isPaused := l.paused[source]
		gauge(sourcePaused, number(isPaused), source)
	}
	waits := map[string]time.Duration{}
	for _, q := range l.monitor.Queues {
		gauge(queueJobs, float64(q.Jobs), q.Queue, q.State)
		waits[q.Queue] = max(waits[q.Queue], q.Waited)
	}
	for queue, wait := range waits {
		gauge(queueWait, wait.Seconds(), queue)
	}
	for severity, n := range l.monitor.Findings {
		gauge(openFindings, float64(n), string(severity))
	}
	gauge(workers, float64(l.monitor.Workers))
	gauge(noticesWait, float64(l.monitor.Notices.Waiting))
	gauge(noticesAge, l.monitor.Notices.OldestDue.Seconds())
	gauge(noticesLost, float64(l.monitor.Notices.Unknown))
	collectPushes(l.pushes, gauge)
	l.collectTotals(to)
}

// countedStates are the states that every dataset shows, also with 0 days.
var countedStates = []sms.State{sms.Missing, sms.Provisional, sms.Final, sms.Empty, sms.Failed, sms.Quarantined, sms.Lost, sms.Frozen}

func (l *ledgerMetrics) dataset(s ledger.Status, now time.Time, gauge func(*prometheus.Desc, float64, ...string)) {
	labels := []string{s.Source, string(s.Account.Vendor), s.Account.ID, string(s.Dataset)}
	// Of nothing loaded, what there is ends where the history begins.
	end := func(day sms.Day) time.Time {
		if day == 0 {
			return s.Account.Zone.Start(s.First)
		}
		return s.Account.Zone.Start(day + 1)
	}
	gauge(datasetAge, now.Sub(end(s.Newest)).Seconds(), labels...)
	gauge(datasetUpTo, seconds(end(s.CompleteTo)), labels...)
	gauge(datasetSeen, max(0, seconds(s.Confirmed)), labels...)
	for _, state := range countedStates {
		gauge(datasetDays, float64(s.Days[state]), append(labels[:4:4], string(state))...)
	}
	age := 0.0
	if gap := s.Gap(); len(gap) > 0 {
		age = now.Sub(end(gap[0])).Seconds()
	}
	gauge(datasetGapAge, age, labels...)
	gauge(datasetLeaves, float64(len(s.Leaving())), labels...)
	if s.Deadline.By != 0 {
		gauge(datasetLate, float64(len(s.Late(now))), labels...)
	}
}

// collectPushes gives how the pushes of every source stand that may get any.
func collectPushes(all []messages.PushBacklog, gauge func(*prometheus.Desc, float64, ...string)) {
	for _, p := range all {
		gauge(pushesUnmerged, float64(p.Unmerged), p.Source)
		gauge(pushesWait, p.OldestWait.Seconds(), p.Source)
		gauge(reportsWait, float64(p.Waiting), p.Source)
		gauge(touchedDays, float64(p.Touched), p.Source)
		last := 0.0
		if p.LastAt != nil {
			last = seconds(*p.LastAt)
		}
		gauge(pushedLast, last, p.Source)
	}
}

func (l *ledgerMetrics) collectTotals(to chan<- prometheus.Metric) {
	for _, t := range l.totals {
		for desc, counts := range map[*prometheus.Desc]map[string]int64{
			loadsTotal: {"loaded": t.Loaded, "unchanged": t.Same, "failed": t.Failed, "superseded": t.Late},
			rowsTotal: {
				"inserted": t.Inserted, "updated": t.Updated, "removed": t.Removed, "unchanged": t.Unchanged,
				"rejected": t.Rejected, "held": t.Held,
			},
		} {
			for outcome, n := range counts {
				to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), t.Source, outcome)
			}
		}
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// sourcesOf gives each source once, in the order of the standings.
func sourcesOf(all []ledger.Status) []string {
	var sources []string
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s.Source] {
			seen[s.Source] = true
			sources = append(sources, s.Source)
		}
	}
	return sources
}
