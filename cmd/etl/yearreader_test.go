package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/sandbox"
	"smsetl/sms"
)

// reader says what a careful reader of the vendors' answers believes of each day: the last answer that came, unless it is hard
// to believe and did not come a second time an hour later. It knows the sandbox's truth and the lies, and shares no code with
// what reads, judges and stores answers. Which windows were asked for it sees from the list of loads.
type reader struct {
	w          *world
	happenings []happening
	lines      map[ledgerLineOf]*saying
	seen       int64 // the last load that was read
}

// saying is what is believed of a line of the ledger.
type saying struct {
	answer
	isKnown     bool // an answer was believed
	isFinal     bool
	quarantined bool
	suspect     string // what a doubted answer said, "" for none
	doubtedAt   time.Time
}

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

// messages gives the number that an answer is measured by: messages asked for, or failed.
func (a answer) messages() (n int64) {
	for _, d := range a.Deliveries {
		n += *d.Requested
	}
	for _, f := range a.Failures {
		n += f.Messages
	}
	return n
}

func (a answer) rows() int { return len(a.Deliveries) + len(a.Failures) }

func (a answer) pending() (n int64) {
	for _, d := range a.Deliveries {
		n += *d.Pending
	}
	return n
}

// size is what a second answer has to repeat to confirm the first: messages asked for row by row, failures whole.
func (a answer) size() string {
	var b strings.Builder
	b.WriteString("=")
	for _, d := range a.Deliveries {
		fmt.Fprintln(&b, d.Template, d.Label, d.MessageType, *d.Requested)
	}
	for _, f := range a.Failures {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

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

// judge believes or doubts each day of an answer.
func (r *reader) judge(a asked, now time.Time) {
	said := r.told(a.vendor, a.account, a.from, a.to, now, true)
	silent := r.isSilent(a, said)
	for day := a.from; day <= a.to; day++ {
		var group []*saying
		var answers []answer
		doubted, repeated, same := false, true, true
		for _, dataset := range a.datasets {
			l := ledgerLineOf{a.account, dataset, day}
			s := r.lines[l]
			if s == nil {
				s = &saying{}
				r.lines[l] = s
			}
			answer := said[l]
			group, answers = append(group, s), append(answers, answer)
			doubted = doubted || r.lacks(l, answer, now) || isDoubted(s, answer, dataset == sms.StatsDay || dataset == sms.SendStatus, silent)
			same = same && s.isKnown && s.size() == answer.size()
			repeated = repeated && s.suspect == answer.size() && now.Sub(s.doubtedAt) >= time.Hour
		}
		if silent && same {
			doubted = false // nothing was known, and nothing is told
		}
		for i, s := range group {
			r.take(s, ledgerLineOf{a.account, a.datasets[i], day}, answers[i], doubted, repeated, now)
		}
	}
}

// isSilent says whether the whole answer has no row, not even one of zeros, which the truth does not have: so the vendor is
// asked.
func (r *reader) isSilent(a asked, said map[ledgerLineOf]answer) bool {
	r.w.t.Helper()
	for l, answer := range said {
		if answer.rows() > 0 && slices.Contains(a.datasets, l.dataset) {
			return false
		}
	}
	path := map[sms.Dataset]string{sms.StatsDay: "/v1/stats_day", sms.ProcessFailed: "/v1/stats/process_failed", sms.SendFailed: "/v1/stats/send_failed"}[a.datasets[0]]
	if path == "" {
		return false // Tencent always says a number
	}
	req := httptest.NewRequestWithContext(r.w.t.Context(), http.MethodGet, fmt.Sprintf("%s?start_date=%s&end_date=%s", path, a.from, a.to), nil)
	req.SetBasicAuth(a.account, "sandbox-key")
	w := httptest.NewRecorder()
	r.w.vendors.EngageLab().ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		r.w.t.Fatal(w.Body.String())
	}
	return w.Body.String() == `{"result":[],"count":0}`
}

// lacks says whether an answer has no number for a reason that the vendor normally tells of.
func (r *reader) lacks(l ledgerLineOf, a answer, now time.Time) bool {
	for _, h := range r.happenings {
		if h.kind == sandbox.RenamedReason && l.dataset == sms.SendFailed && a.rows() > 0 && h.isTold(l.day, now) {
			return true
		}
	}
	return false
}

// isDoubted says whether an answer is hard to believe beside what is known.
func isDoubted(s *saying, a answer, isDelivery, silent bool) bool {
	known, said := s.messages(), a.messages()
	switch {
	case silent:
		return true
	case !s.isKnown:
		return isDelivery && said == 0
	case known < 100:
		return false
	case 2*said < known:
		return true
	default:
		return 10*said >= 18*known && (isDelivery || s.isFinal)
	}
}

func (r *reader) take(s *saying, l ledgerLineOf, a answer, doubted, repeated bool, now time.Time) {
	if doubted && !repeated {
		s.quarantined = true
		if s.suspect != a.size() {
			s.suspect, s.doubtedAt = a.size(), now
		}
		return
	}
	if !doubted && s.suspect != a.size() {
		s.suspect = ""
	}
	differs := cmp.Diff(s.answer, a) != ""
	s.answer, s.isKnown, s.quarantined = a, true, false
	age := int(now.Sub(newYear)/(24*time.Hour)) - int(l.day-yearDay(0))
	s.isFinal = age >= 4 && a.pending() == 0 && (s.suspect == "" || now.Sub(s.doubtedAt) >= 4*24*time.Hour)
	if differs {
		r.write(l, a)
	}
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
