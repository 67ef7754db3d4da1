package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"smsetl/load"
)

var (
	pushLabels = []string{"source"}

	pushesUnmerged = prometheus.NewDesc("smsetl_pushes_unmerged", "Pushes that are kept, and whose reports no fact knows of yet.", pushLabels, nil)
	pushesWait     = prometheus.NewDesc("smsetl_pushes_oldest_unmerged_seconds", "Seconds that the oldest of them has been waiting; 0 when there is none.", pushLabels, nil)
	reportsWait    = prometheus.NewDesc("smsetl_waiting_reports", "Status reports of messages that no export has told of yet.", pushLabels, nil)
	touchedDays    = prometheus.NewDesc("smsetl_touched_days", "Loaded days that are to be counted anew because of reports.", pushLabels, nil)
	pushedLast     = prometheus.NewDesc("smsetl_push_last_timestamp_seconds", "When a push came last that said something new; 0 for never.", pushLabels, nil)
)

// collectPushes gives how the pushes of every source stand that may get any.
func collectPushes(all []load.PushBacklog, gauge func(*prometheus.Desc, float64, ...string)) {
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
