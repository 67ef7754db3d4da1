package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
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

// What the vendor answers: the plain rows, the same in other bytes, or with 1 % of every day's rows changed.
const (
	plain = iota
	otherBytes
	changed
)

// vendor answers EngageLab's three datasets from memory, as fast as loopback allows, so that the benchmark measures the
// product and not the other side. It holds its rows rendered before the clock starts.
type vendor struct {
	first    time.Time
	rows     int      // of stats_day each day
	failures int      // of send_failed each day
	days     [][]byte // each day's rows, without brackets
	marked   [][]byte // the same with 1 % of the rows changed
	failed   [][]byte
	answer   atomic.Int32 // plain, otherBytes or changed
}

// newVendor renders days. The rows look like EngageLab's: 306 bytes each, keys and percentages included.
func newVendor(days, rows, failures int) *vendor {
	first, err := time.Parse(time.DateOnly, firstDay)
	if err != nil {
		panic(err) // a constant
	}
	v := &vendor{first: first, rows: rows, failures: failures}
	for d := range days {
		day, failed := v.render(d, 0)
		v.days, v.failed = append(v.days, day), append(v.failed, failed)
	}
	return v
}

// mark renders the rows of which some are changed.
func (v *vendor) mark() {
	for d := range v.days {
		day, _ := v.render(d, 0.01)
		v.marked = append(v.marked, day)
	}
}

// date gives a day by its number.
func (v *vendor) date(day int) string { return v.first.AddDate(0, 0, day).Format(time.DateOnly) }

// size gives the bytes of so many days.
func (v *vendor) size(days int) (all int64) {
	for _, day := range v.days[:days] {
		all += int64(len(day))
	}
	return all
}

// writeLines writes so many days as JSON lines.
func (v *vendor) writeLines(path string, days int) error {
	lines := bytes.ReplaceAll(bytes.Join(v.days[:days], []byte(",")), []byte("},{"), []byte("}\n{"))
	return os.WriteFile(path, append(lines, '\n'), 0o644)
}

// render writes a day's rows. A share of them differs from the plain year, the same ones each time. The first rows have
// failures, each for one reason, and nothing failed of the others.
func (v *vendor) render(day int, share float64) (rows, reasons []byte) {
	random := rand.New(rand.NewPCG(7, uint64(day)))
	dice := rand.New(rand.NewPCG(11, uint64(day)))
	date := v.date(day)
	rows = make([]byte, 0, v.rows*310)
	for row := range v.rows {
		targets := 1 + random.IntN(5000)
		failed := 0
		if row < v.failures {
			failed = 1 + random.IntN(targets/20+1)
		}
		waiting := 0
		if dice.Float64() < share {
			waiting = (targets - failed) / 2
		}
		delivered := targets - failed - waiting
		percent := func(n int) string { return strconv.FormatFloat(float64(n)*100/float64(targets), 'f', 2, 64) }
		key := fmt.Sprintf(`{"send_date":"%s","msg_type":"2","sms_user":"bench","template_id":%d,"label_id":%d,`, date, 100000+row, row%labels)
		if row > 0 {
			rows = append(rows, ',')
		}
		rows = fmt.Appendf(append(rows, key...), `"targets":%d,"sent":%d,`+
			`"process_failed":0,"delivered":%d,"send_failed":%d,"wait_result":%d,"billing_count":%d,"process_failed_percent":0.00,`+
			`"delivered_percent":%s,"send_failed_percent":%s,"wait_result_percent":%s}`,
			targets, targets, delivered, failed, waiting, targets+targets/5, percent(delivered), percent(failed), percent(waiting))
		if row < v.failures {
			if row > 0 {
				reasons = append(reasons, ',')
			}
			reasons = fmt.Appendf(append(reasons, key...), `"empty":0,"out_of_service":0,"blacklist":0,"busy":0,"no_answer":0,"interception":0,`+
				`"break_down":0,"not_in_service":0,"power_off":%d,"other":0}`, failed)
		}
	}
	return rows, reasons
}

// ServeHTTP answers the days asked for.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, errFrom := time.Parse(time.DateOnly, r.URL.Query().Get("start_date"))
	to, errTo := time.Parse(time.DateOnly, r.URL.Query().Get("end_date"))
	if errFrom != nil || errTo != nil {
		http.Error(w, `{"code":1,"message":"the benchmark wants start_date and end_date"}`, http.StatusBadRequest)
		return
	}
	answer := v.answer.Load()
	days, perDay := v.days, v.rows
	switch {
	case strings.HasSuffix(r.URL.Path, "/process_failed") || strings.HasSuffix(r.URL.Path, "/send_failed") && v.failures == 0:
		days, perDay = nil, 0
	case strings.HasSuffix(r.URL.Path, "/send_failed"):
		days, perDay = v.failed, v.failures
	case answer == changed:
		days = v.marked
	}
	lo := max(0, int(from.Sub(v.first).Hours()/24))
	hi := min(len(days)-1, int(to.Sub(v.first).Hours()/24))
	head, tail := `{"result":[`, fmt.Sprintf(`],"count":%d}`, max(0, hi-lo+1)*perDay)
	if answer == otherBytes {
		tail += "\n" // the same rows in other bytes: the hash differs and every row is compared
	}
	size := len(head) + len(tail) + max(0, hi-lo)
	for d := lo; d <= hi; d++ {
		size += len(days[d])
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	fmt.Fprint(w, head)
	for d := lo; d <= hi; d++ {
		if d > lo {
			fmt.Fprint(w, ",")
		}
		if _, err := w.Write(days[d]); err != nil {
			return // the client closes an answer that is over its size cap, and asks for half of it
		}
	}
	fmt.Fprint(w, tail)
}
