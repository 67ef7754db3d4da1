package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/sandbox"
	"smsetl/sms"
)

// reader keeps what the warehouse has to hold of each day: the answer that the ledger says was believed last. It knows the
// sandbox's truth and the lies, and shares no code with what reads, judges and stores answers. Which windows were asked for, and
// what was believed, it sees from the loads and the ledger; whether that was right, it judges by the truth.
type reader struct {
	w          *world
	happenings []happening
	lines      map[ledgerLineOf]*saying
	seen       int64 // the last load that was read
}

// saying is what is believed of a line of the ledger.
type saying struct{ answer }

// answer is what a vendor says of a day of a dataset.
type answer struct {
	Deliveries []sandbox.Delivery
	Failures   []sandbox.Failure
}

func newReader(w *world, happenings []happening) *reader {
	w.exec(`CREATE TABLE year_delivery AS SELECT ''::text AS dataset, * FROM sms.delivery_daily LIMIT 0`)
	w.exec(`CREATE TABLE year_failure AS SELECT ''::text AS dataset, * FROM sms.failure_daily LIMIT 0`)
	w.exec(`CREATE INDEX ON year_delivery (send_date)`)
	w.exec(`CREATE INDEX ON year_failure (send_date)`)
	return &reader{w: w, happenings: happenings, lines: map[ledgerLineOf]*saying{}}
}

func (a answer) rows() int { return len(a.Deliveries) + len(a.Failures) }

// times multiplies every number.
func (a answer) times(n int64) answer {
	var out answer
	for _, d := range a.Deliveries {
		for _, count := range []**int64{&d.Requested, &d.Accepted, &d.ProcessingFailed, &d.Delivered, &d.SendFailed, &d.Pending, &d.BilledSegments} {
			more := **count * n
			*count = &more
		}
		if n > 0 || d.Vendor == sandbox.Tencent { // whose zeros are an answer
			out.Deliveries = append(out.Deliveries, d)
		}
	}
	for _, f := range a.Failures {
		f.Messages *= n
		if n > 0 {
			out.Failures = append(out.Failures, f)
		}
	}
	return out
}

// told gives what the vendor says at a moment of an account's days, by line, lies included.
func (r *reader) told(vendor, account string, from, to sms.Day, at time.Time, lies bool) map[ledgerLineOf]answer {
	r.w.t.Helper()
	truth, err := r.w.vendors.TruthOf(sandbox.Query{From: from.String(), To: to.String(), At: at, Vendor: vendor, Account: account})
	if err != nil {
		r.w.t.Fatal(err)
	}
	said := map[ledgerLineOf]answer{}
	line := func(date string, dataset sms.Dataset) ledgerLineOf {
		day, err := sms.ParseDay(date)
		if err != nil {
			r.w.t.Fatal(err)
		}
		return ledgerLineOf{account, dataset, day}
	}
	for _, d := range truth.Deliveries {
		l := line(d.SendDate, map[string]sms.Dataset{sandbox.EngageLab: sms.StatsDay, sandbox.Tencent: sms.SendStatus}[vendor])
		a := said[l]
		a.Deliveries = append(a.Deliveries, d)
		said[l] = a
	}
	for _, f := range truth.Failures {
		dataset := map[string]sms.Dataset{"processing": sms.ProcessFailed, "sending": sms.SendFailed}[f.Stage]
		if vendor == sandbox.Tencent {
			dataset = sms.CallbackStatus
		}
		l := line(f.SendDate, dataset)
		a := said[l]
		a.Failures = append(a.Failures, f)
		said[l] = a
	}
	for l, a := range said {
		for _, h := range r.happenings {
			if lies && h.isLie() && h.isTold(l.day, at) {
				said[l] = a.times(map[sandbox.RestatementKind]int64{sandbox.DoubledAnswer: 2}[h.kind])
			}
		}
	}
	return said
}

// asked is a window that was asked for.
type asked struct {
	id              int64
	vendor, account string
	datasets        []sms.Dataset
	from, to        sms.Day
}

// read follows the loads since the last time.
func (r *reader) read(now time.Time) {
	r.w.t.Helper()
	for _, line := range r.w.lines(`
		SELECT concat_ws(' ', l.load_id, v.vendor, a.account, array_to_string(l.datasets, ','), l.window_from, l.window_to, l.outcome)
		FROM etl.load AS l JOIN sms.dim_account AS a USING (account_key) JOIN sms.dim_vendor AS v USING (vendor_key)
		WHERE l.load_id > $1
		ORDER BY l.load_id`, r.seen) {
		var a asked
		var datasets, from, to, outcome string
		if _, err := fmt.Sscan(line, &a.id, &a.vendor, &a.account, &datasets, &from, &to, &outcome); err != nil {
			r.w.t.Fatal(line, err)
		}
		r.seen = a.id
		switch outcome {
		case "loaded", "unchanged":
		case "probed":
			continue
		default:
			r.w.t.Errorf("load %s", line)
			continue
		}
		for name := range strings.SplitSeq(datasets, ",") {
			a.datasets = append(a.datasets, sms.Dataset(name))
		}
		a.from, _ = sms.ParseDay(from)
		a.to, _ = sms.ParseDay(to)
		r.judge(a, now)
	}
}

// judge takes the answer for each day that the load was believed for, and looks whether it should have been.
func (r *reader) judge(a asked, now time.Time) {
	r.w.t.Helper()
	said, truth := r.told(a.vendor, a.account, a.from, a.to, now, true), r.told(a.vendor, a.account, a.from, a.to, now, false)
	believed := map[ledgerLineOf]bool{}
	for _, line := range r.w.lines(`
		SELECT concat_ws(' ', $2::text, c.dataset, c.date_key)
		FROM etl.coverage AS c
		WHERE c.load_id = $1
		  AND c.state IN ('provisional', 'final', 'empty', 'unverified')
		  AND c.confirmed_at IS NOT NULL`, a.id, a.account) {
		believed[parseLine(r.w.t, line)] = true
	}
	for day := a.from; day <= a.to; day++ {
		for _, dataset := range a.datasets {
			l := ledgerLineOf{a.account, dataset, day}
			if r.lines[l] == nil {
				r.lines[l] = &saying{}
			}
			if !believed[l] {
				continue
			}
			if cmp.Diff(said[l], truth[l]) != "" && !r.isDoubled(day, now) {
				r.w.t.Errorf("%s: a lie was believed of %v", now, l)
			}
			if cmp.Diff(r.lines[l].answer, said[l]) != "" {
				r.lines[l].answer = said[l]
				r.write(l, said[l])
			}
		}
	}
}

// isDoubled says that a day is told doubled, by all calls alike: on a few days nothing can show that.
func (r *reader) isDoubled(day sms.Day, now time.Time) bool {
	return slices.ContainsFunc(r.happenings, func(h happening) bool { return h.kind == sandbox.DoubledAnswer && h.isTold(day, now) })
}

// explains says that something happened lately for which a day may wait: a lie, or a correction that empties or renames. A quiet day
// that is over just now looks like yesterday's answer, so the young days before it may wait too.
func (r *reader) explains(day sms.Day, now time.Time) bool {
	return slices.ContainsFunc(r.happenings, func(h happening) bool {
		first, until := yearDay(h.from), h.at().Add(h.until).AddDate(0, 0, 12) // a sweep sees it within eight days, and two more answers confirm it
		if h.kind == sandbox.QuietDay {
			first, until = first-4, newYear.AddDate(0, 0, h.to+3) // the day is over, and one more answer has come
		}
		return first <= day && day <= yearDay(h.to) && !now.Before(h.at()) && now.Before(until)
	})
}

// write keeps what is believed where SQL can compare it.
func (r *reader) write(l ledgerLineOf, a answer) {
	r.w.t.Helper()
	for table, rows := range map[string]any{"delivery": a.Deliveries, "failure": a.Failures} {
		document, err := json.Marshal(rows)
		if err != nil {
			r.w.t.Fatal(err)
		}
		r.w.exec(`DELETE FROM year_`+table+` WHERE account = $1 AND dataset = $2 AND send_date = $3`, l.account, string(l.dataset), l.day.UTC())
		if string(document) != "null" {
			r.w.exec(`INSERT INTO year_`+table+` SELECT $1, * FROM jsonb_populate_recordset(NULL::sms.`+table+`_daily, $2::jsonb)`, string(l.dataset), string(document))
		}
	}
}

// differsFromTruth says how what is believed of a day differs from the vendors' truth; "" when it does not.
func (r *reader) differsFromTruth(day sms.Day, now time.Time) string {
	truth := map[ledgerLineOf]answer{}
	for vendor, account := range map[string]string{sandbox.EngageLab: "harbor", sandbox.Tencent: "1400006874"} {
		maps.Copy(truth, r.told(vendor, account, day, day, now, false))
	}
	believed := map[ledgerLineOf]answer{}
	for l, s := range r.lines {
		if l.day == day && s.rows() > 0 {
			believed[l] = s.answer
		}
	}
	return cmp.Diff(truth, believed, cmp.AllowUnexported(ledgerLineOf{}))
}
