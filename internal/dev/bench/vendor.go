package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	firstDay   = "2025-01-01"
	rowsPerDay = 2740
	labels     = 7
)

// vendor answers EngageLab's stats_day from memory, as fast as loopback allows, so that the benchmark measures the product
// and not the other side. It holds one year of rows, rendered before the clock starts.
type vendor struct {
	first  time.Time
	days   [][]byte // each day's rows, without brackets
	change atomic.Int64
	calls  atomic.Int64
	marked [][]byte // the same with 1 % of the rows changed
	spaced atomic.Bool
}

// size gives the bytes of all rows.
func (v *vendor) size() int64 {
	var all int64
	for _, day := range v.days {
		all += int64(len(day))
	}
	return all
}

// newVendor renders days days. The rows look like EngageLab's: 306 bytes each, keys and percentages included.
func newVendor(days int) *vendor {
	first, err := time.Parse(time.DateOnly, firstDay)
	if err != nil {
		panic(err) // a constant
	}
	v := &vendor{first: first}
	for d := range days {
		v.days = append(v.days, v.render(d, 0))
		v.marked = append(v.marked, v.render(d, 0.01))
	}
	return v
}

// render writes a day's rows. A share of them differs from the plain year, the same ones each time.
func (v *vendor) render(day int, share float64) []byte {
	random := rand.New(rand.NewPCG(7, uint64(day)))
	changed := rand.New(rand.NewPCG(11, uint64(day)))
	date := v.first.AddDate(0, 0, day).Format(time.DateOnly)
	out := make([]byte, 0, rowsPerDay*310)
	for row := range rowsPerDay {
		targets := 1 + random.IntN(5000)
		refused := random.IntN(targets/50 + 1)
		failed := random.IntN((targets-refused)/20 + 1)
		waiting := 0
		if changed.Float64() < share {
			waiting = (targets - refused - failed) / 2
		}
		delivered := targets - refused - failed - waiting
		percent := func(n int) string { return strconv.FormatFloat(float64(n)*100/float64(targets), 'f', 2, 64) }
		if row > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"send_date":"%s","msg_type":"2","sms_user":"bench","template_id":%d,"label_id":%d,"targets":%d,"sent":%d,`+
			`"process_failed":%d,"delivered":%d,"send_failed":%d,"wait_result":%d,"billing_count":%d,"process_failed_percent":%s,`+
			`"delivered_percent":%s,"send_failed_percent":%s,"wait_result_percent":%s}`,
			date, 100000+row, row%labels, targets, delivered, refused, delivered, failed, waiting, targets+targets/5,
			percent(refused), percent(delivered), percent(failed), percent(waiting))
	}
	return out
}

// ServeHTTP answers the days asked for.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.calls.Add(1)
	from, errFrom := time.Parse(time.DateOnly, r.URL.Query().Get("start_date"))
	to, errTo := time.Parse(time.DateOnly, r.URL.Query().Get("end_date"))
	if errFrom != nil || errTo != nil || !strings.HasSuffix(r.URL.Path, "/stats_day") {
		http.Error(w, `{"code":1,"message":"the benchmark knows stats_day with start_date and end_date"}`, http.StatusBadRequest)
		return
	}
	days := v.days
	if v.change.Load() > 0 {
		days = v.marked
	}
	lo := max(0, int(from.Sub(v.first).Hours()/24))
	hi := min(len(days)-1, int(to.Sub(v.first).Hours()/24))
	size, count := len(`{"result":[],"count":}`), 0
	for d := lo; d <= hi; d++ {
		size += len(days[d])
		count += rowsPerDay
	}
	size += max(0, hi-lo) + len(strconv.Itoa(count))
	if v.spaced.Load() {
		size++
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	fmt.Fprint(w, `{"result":[`)
	for d := lo; d <= hi; d++ {
		if d > lo {
			fmt.Fprint(w, ",")
		}
		if _, err := w.Write(days[d]); err != nil {
			return // the client closes an answer that is over its size cap, and asks for half of it
		}
	}
	fmt.Fprintf(w, `],"count":%d}`, count)
	if v.spaced.Load() {
		fmt.Fprint(w, "\n") // the same rows in other bytes: the hash differs and every row is compared
	}
}
