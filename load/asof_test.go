package load_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smsetl/internal/dev/long"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/sms"
)

// Whatever happened (loads, restatements, vanished rows, answers that were doubted, confirmed or released, tries that
// failed or came late, replays with another mapping and with other categories): asked for the time of any load, the as-of
// functions give exactly what the views gave after it.
func TestAsOfIsWhatWasThere(t *testing.T) {
	t.Parallel()
	wh := open(t)
	for view, columns := range asOfColumns {
		if _, err := wh.Pool().Exec(t.Context(), fmt.Sprintf(`CREATE TABLE then_%s AS SELECT 0::bigint AS then_load, %s FROM sms.%s LIMIT 0`, view, columns, view)); err != nil {
			t.Fatal(err)
		}
	}
	accounts := 0
	met := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		accounts++
		account := sms.Account{Vendor: sms.EngageLab, ID: fmt.Sprint("account", accounts), Zone: east}
		if err := wh.Account(context.Background(), "test", account); err != nil {
			rt.Fatal(err)
		}
		s := &story{t: rt, wh: wh, account: account, now: at("01-10 12:00"), met: met}
		s.deliveries()
		s.failures()
		happenings := []func(){s.deliveries, s.failures, s.rebuild, s.release, s.fail, s.zombie}
		for range rapid.IntRange(2, 7).Draw(rt, "happenings") {
			rapid.SampledFrom(happenings).Draw(rt, "happening")()
		}
		s.compare()
	})
	verify(t, wh)
	for _, what := range []string{"updated", "removed", "added", "quarantined", "released", "replayed", "superseded", "category"} {
		if met[what] == 0 && long.Wanted() { // a few histories need not meet everything
			t.Errorf("no history had anything %s: the test would prove nothing about it", what)
		}
	}
	if got := dump(t, wh, fmt.Sprintf(`SELECT count(*) > %d FROM etl.delivery_by_day_history`, long.Or(20, 100))); got != "true" {
		t.Error("the history of days is nearly empty")
	}
}

var asOfColumns = map[string]string{
	"delivery_daily": "send_date, vendor, account, template, label, message_type, country, requested, accepted, processing_failed, delivered, send_failed, " +
		"pending, billed_segments, delivery_rate, loaded_at",
	"failure_daily": "send_date, vendor, account, template, label, message_type, country, stage, reason, category, messages, loaded_at",
}

// story is a random history of one account.
type story struct {
	t       *rapid.T
	wh      *load.Warehouse
	account sms.Account
	now     time.Time
	loads   []int64
	met     map[string]int
}

func (s *story) scope(dataset sms.Dataset) sms.Scope {
	first := day("01-02") + sms.Day(rapid.IntRange(0, 4).Draw(s.t, "first"))
	w, err := sms.NewWindow(first, first+sms.Day(rapid.IntRange(0, 3).Draw(s.t, "days")), s.account.Zone)
	if err != nil {
		s.t.Fatal(err)
	}
	return sms.Scope{Account: s.account, Datasets: []sms.Dataset{dataset}, Window: w}
}

// batch makes rows for a scope. Their numbers lie far enough apart to be doubted now and then.
func (s *story) batch(scope sms.Scope) answer {
	b := answer{Scope: scope, Zeros: 1}
	category := rapid.SampledFrom([]sms.Category{sms.Unreachable, sms.CarrierNetwork, sms.Unreachable}).Draw(s.t, "category")
	reason := &sms.Reason{Code: "busy", Stage: sms.Sending, Category: category}
	for d := range scope.Window.Days() {
		for _, template := range []string{"a", "b"} {
			n := rapid.SampledFrom([]int64{0, 30, 31, 200, 201, 300}).Draw(s.t, "messages")
			if n == 0 {
				continue
			}
			if scope.Datasets[0] == sms.StatsDay {
				r := row("01-01", template, n)
				r.Day, r.Country = d, rapid.SampledFrom([]sms.Key{sms.NotReported, sms.Named("CN")}).Draw(s.t, "country")
				b.Deliveries = append(b.Deliveries, r)
				continue
			}
			f := failure("01-01", template, reason, n)
			f.Day = d
			b.Failures = append(b.Failures, f)
		}
	}
	return b
}

func (s *story) options() load.PutOptions {
	s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{1, 61, 21 * 60}).Draw(s.t, "minutes")) * time.Minute)
	return load.PutOptions{Now: s.now, Rules: rules(4), TransformVersion: 1}
}

func (s *story) deliveries() { s.put(s.batch(s.scope(sms.StatsDay))) }
func (s *story) failures()   { s.put(s.batch(s.scope(sms.SendFailed))) }

func (s *story) put(b answer) {
	options := s.options()
	r, err := tryPut(context.Background(), s.wh, b, func(o *load.PutOptions) { *o = options })
	if err != nil {
		s.t.Fatal(err)
	}
	s.remember(r)
}

// rebuild understands the answers behind some days anew, and differently.
func (s *story) rebuild() {
	scope := s.scope(rapid.SampledFrom([]sms.Dataset{sms.StatsDay, sms.SendFailed}).Draw(s.t, "dataset"))
	all := bases(context.Background(), s.t, s.wh, scope)
	if len(all) == 0 {
		return
	}
	basis := rapid.SampledFrom(all).Draw(s.t, "basis")
	r, err := s.wh.Replay(context.Background(), load.Replay{Batch: batchOf(s.batch(basis.Scope)), AnsweredBy: basis.AnsweredBy, BelievedAt: basis.BelievedAt}, s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	if len(r.Superseded) > 0 {
		s.t.Fatalf("nobody was faster, and yet %v", r.Superseded)
	}
	s.met["replayed"] += int(r.Inserted + r.Updated + r.Removed)
	s.met["category"] += len(r.Change.Categories)
	s.remember(r.Result)
}

// release believes the answer for a day in quarantine.
func (s *story) release() {
	lines, err := ledger.Lines(context.Background(), s.wh.DB, []sms.Account{s.account}, day("01-01"), day("01-31"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, line := range lines {
		if line.State != sms.Quarantined {
			continue
		}
		b := s.batch(sms.Scope{Account: s.account, Datasets: []sms.Dataset{line.Dataset}, Window: sms.OneDay(line.Day, s.account.Zone)})
		r, err := s.wh.Replay(context.Background(), load.Replay{Batch: batchOf(b), AnsweredBy: line.LoadID, Release: true}, s.options())
		if err != nil || len(r.Superseded) > 0 {
			s.t.Fatalf("%+v, %v", r, err)
		}
		s.met["released"]++
		s.remember(r.Result)
		return
	}
}

func (s *story) fail() {
	scope := s.scope(sms.StatsDay)
	id, err := s.wh.Begin(context.Background(), load.Start{Scope: scope, Now: s.now})
	if err == nil {
		err = s.wh.Fail(context.Background(), id, batchOf(answer{Scope: scope}), "no", s.now)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// zombie begins, is overtaken, and comes back.
func (s *story) zombie() {
	b := s.batch(s.scope(sms.StatsDay))
	id, err := s.wh.Begin(context.Background(), load.Start{Scope: b.Scope, Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.deliveries()
	r, err := s.wh.Put(context.Background(), id, batchOf(b), s.options(), nil)
	if err != nil && !errors.Is(err, load.ErrFinished) {
		s.t.Fatal(err)
	}
	s.remember(r)
}

// remember keeps what the views give after a load.
func (s *story) remember(r load.Result) {
	s.met["updated"] += int(r.Updated)
	s.met["removed"] += int(r.Removed)
	s.met["added"] += int(r.Inserted)
	s.met["quarantined"] += len(r.Quarantined)
	s.met["superseded"] += len(r.Superseded)
	s.loads = append(s.loads, r.LoadID)
	for view, columns := range asOfColumns {
		query := fmt.Sprintf(`INSERT INTO then_%s SELECT $1, %s FROM sms.%s WHERE account = $2`, view, columns, view)
		if _, err := s.wh.Pool().Exec(context.Background(), query, r.LoadID, s.account.ID); err != nil {
			s.t.Fatal(err)
		}
	}
}

// compare asks for the time of each load, both ways.
func (s *story) compare() {
	for view, columns := range asOfColumns {
		// Other accounts share the failure reasons, and so a change of category: what is compared is this account's loads.
		differ := dumpWith(context.Background(), s.t, s.wh, fmt.Sprintf(`
			SELECT l.load_id, x.side, x.line
			FROM unnest($1::bigint[]) AS u (load_id)
			JOIN etl.load AS l USING (load_id)
			CROSS JOIN LATERAL (
			    WITH before AS MATERIALIZED (SELECT %[1]s FROM then_%[2]s WHERE then_load = l.load_id),
			         as_of  AS MATERIALIZED (SELECT %[1]s FROM sms.%[2]s_as_of(l.loaded_at) WHERE account = $2)
			    (SELECT 'only then' AS side, q::text AS line FROM (SELECT * FROM before EXCEPT ALL SELECT * FROM as_of) AS q)
			    UNION ALL
			    (SELECT 'only as of' AS side, q::text AS line FROM (SELECT * FROM as_of EXCEPT ALL SELECT * FROM before) AS q)
			) AS x
			LIMIT 10`, columns, view), s.loads, s.account.ID)
		if differ != "" {
			s.t.Fatalf("%s:\n%s", view, differ)
		}
	}
}
