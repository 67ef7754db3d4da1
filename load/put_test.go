package load_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/sms"
)

const (
	deliveries = `
		SELECT send_date, template, requested, delivered, round(delivery_rate, 3)::text, day_state
		FROM sms.delivery_daily
		ORDER BY send_date, template`
	failures = `
		SELECT send_date, template, stage, reason, category, messages, day_state
		FROM sms.failure_daily
		ORDER BY send_date, template, stage, reason`
	ledgerLines = `
		SELECT dataset, date_key, state, row_count, pending, attempts
		FROM etl.coverage
		ORDER BY account_key, dataset, date_key`
	// tuples shows every row version of what a load may write beside the ledger: a row that is written or only locked gets
	// another line. Accounts are locked by the foreign keys of the load's own line.
	tuples = `
		SELECT 'delivery', ctid::text, xmin::text, xmax::text FROM sms.fact_delivery_daily
		UNION ALL SELECT 'failure',  ctid::text, xmin::text, xmax::text FROM sms.fact_failure_daily
		UNION ALL SELECT 'day',      ctid::text, xmin::text, xmax::text FROM sms.delivery_by_day
		UNION ALL SELECT 'reason',   ctid::text, xmin::text, xmax::text FROM sms.failure_by_day
		UNION ALL SELECT 'times',    ctid::text, xmin::text, xmax::text FROM sms.delivery_time_by_day
		UNION ALL SELECT 'month',    ctid::text, xmin::text, xmax::text FROM sms.delivery_by_month_template
		UNION ALL SELECT 'month',    ctid::text, xmin::text, xmax::text FROM sms.delivery_by_month_label
		UNION ALL SELECT 'account',  ctid::text, xmin::text, ''         FROM sms.dim_account
		UNION ALL SELECT 'template', ctid::text, xmin::text, xmax::text FROM sms.dim_template
		UNION ALL SELECT 'label',    ctid::text, xmin::text, xmax::text FROM sms.dim_label
		UNION ALL SELECT 'type',     ctid::text, xmin::text, xmax::text FROM sms.dim_message_type
		UNION ALL SELECT 'reason',   ctid::text, xmin::text, xmax::text FROM sms.dim_failure_reason
		UNION ALL SELECT 'history',  ctid::text, xmin::text, xmax::text FROM etl.delivery_history
		UNION ALL SELECT 'history',  ctid::text, xmin::text, xmax::text FROM etl.failure_history
		ORDER BY 1, 2`
	// committed is the same without locks, which a transaction that was rolled back leaves marks of.
	committed = `SELECT kind, at, written FROM (` + tuples + `) AS t (kind, at, written, locked) ORDER BY 1, 2`
)

func TestPutReplacesTheWindow(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-07", sms.StatsDay)

	first := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", 20), row("01-06", "a", 30)}})
	want := load.Result{LoadID: first.LoadID, LoadedAt: first.LoadedAt, Outcome: load.Loaded, Counts: load.Counts{Received: 3, Inserted: 3}, Deliveries: 3}
	if d := cmp.Diff(want, first); d != "" {
		t.Error("first load (-want +got):\n", d)
	}

	// b vanishes on the 5th, a changes on the 6th, c comes late on the 7th.
	second := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 31), row("01-07", "c", 5)}})
	want = load.Result{LoadID: second.LoadID, LoadedAt: second.LoadedAt, Outcome: load.Loaded, Counts: load.Counts{Received: 3, Inserted: 1, Updated: 1, Unchanged: 1, Removed: 1}, Deliveries: 2}
	if d := cmp.Diff(want, second); d != "" {
		t.Error("second load (-want +got):\n", d)
	}
	same(t, "facts", dump(t, wh, deliveries),
		"2026-01-05 a 10 9 0.900 final",
		"2026-01-06 a 31 28 0.903 final",
		"2026-01-07 c 5 5 1.000 final")
	verify(t, wh)

	// Days beside the window are nobody's business, even in the same account and month.
	believed := func(o *load.PutOptions) { o.Rules = gullible{rules(4)} }
	put(t, wh, answer{Scope: scope(marketing, "01-06", sms.StatsDay), Zeros: 1}, believed)
	same(t, "facts after the 6th was emptied", dump(t, wh, deliveries),
		"2026-01-05 a 10 9 0.900 final",
		"2026-01-07 c 5 5 1.000 final")
	same(t, "ledger", dump(t, wh, ledgerLines),
		"stats_day 2026-01-05 final 1 0 0",
		"stats_day 2026-01-06 empty 0 - 0",
		"stats_day 2026-01-07 final 1 0 0")
	verify(t, wh)
}

// A row that somebody has deleted by hand comes back with the vendor's next number for it, and the summaries are right again.
func TestPutMendsDamagedRows(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	rows := func(b, c int64) []sms.Delivery {
		return []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", b), row("01-06", "c", c)}
	}
	put(t, wh, answer{Scope: s, Deliveries: rows(20, 30)})
	for _, table := range []string{"sms.fact_delivery_daily", "sms.delivery_by_day", "sms.delivery_by_month_template", "sms.delivery_by_month_label"} {
		if _, err := wh.Pool().Exec(t.Context(), `DELETE FROM `+table+` WHERE requested IN (20, 30)`); err != nil { // 30 is the sum of the 5th too
			t.Fatal(err)
		}
	}
	r := put(t, wh, answer{Scope: s, Deliveries: rows(21, 31)})
	want := load.Counts{Received: 3, Inserted: 2, Unchanged: 1}
	if d := cmp.Diff(want, r.Counts); d != "" {
		t.Error("(-want +got):\n", d)
	}
	same(t, "facts", dump(t, wh, deliveries),
		"2026-01-05 a 10 9 0.900 final",
		"2026-01-05 b 21 19 0.905 final",
		"2026-01-06 c 31 28 0.903 final")
	if got := mismatches(t, wh); got != "" {
		t.Error("ledger and facts differ:", got)
	}
	verifySums(t, wh) // not the versions: a row that is deleted by hand leaves none
}

// The sum of a month is NULL as soon as no row of it has a number, and a number as soon as one has.
func TestPutMonthsOfWhatIsNotReported(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	believed := func(o *load.PutOptions) { o.Rules = gullible{rules(4)} }
	pending := `SELECT pending, billed_segments FROM sms.delivery_by_month_template`
	for _, step := range []struct {
		name      string
		of5, of6  sms.Count
		wantMonth string
	}{
		{"both have one", sms.Reported(3), sms.Reported(4), "7"},
		{"one goes", sms.Count{}, sms.Reported(4), "4"},
		{"the last one goes", sms.Count{}, sms.Count{}, "-"},
		{"0 comes", sms.Reported(0), sms.Count{}, "0"},
	} {
		five, six := row("01-05", "a", 10), row("01-06", "a", 10)
		five.Pending, six.Pending = step.of5, step.of6
		put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{five, six}}, believed)
		same(t, step.name, strings.Fields(dump(t, wh, pending))[0], step.wantMonth)
		verify(t, wh)
	}
}

func TestPutAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		again []func(*load.PutOptions)
	}{
		{"the same bytes", []func(*load.PutOptions){content("answer")}},
		{"the same numbers in other bytes", []func(*load.PutOptions){content("answer with other spaces")}},
		{"the same bytes, understood by other code", []func(*load.PutOptions){content("answer"), func(o *load.PutOptions) { o.TransformVersion = 2 }}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			delivery := answer{Scope: scope(marketing, "01-05..01-07", sms.StatsDay),
				Deliveries: []sms.Delivery{row("01-06", "b", 30), row("01-05", "b", 20), row("01-05", "a", 10)}}
			failure := answer{Scope: scope(marketing, "01-05..01-07", sms.SendFailed),
				Failures: []sms.Failure{failure("01-05", "a", busy, 1), failure("01-05", "a", powerOff, 2)}}
			put(t, wh, delivery, content("answer"))
			put(t, wh, failure, content("answer"))
			before := dump(t, wh, tuples)
			for range 2 {
				for _, batch := range []answer{delivery, failure} {
					r := put(t, wh, batch, test.again...)
					want := load.Result{LoadID: r.LoadID, LoadedAt: r.LoadedAt, Outcome: load.Unchanged, Counts: load.Counts{Received: batch.Received(), Unchanged: batch.Received()}}
					if d := cmp.Diff(want, r); d != "" {
						t.Error("(-want +got):\n", d)
					}
				}
			}
			if d := cmp.Diff(before, dump(t, wh, tuples)); d != "" {
				t.Error("rows were touched (-before +after):\n", d)
			}
			verify(t, wh)
		})
	}
}

// The same bytes are another answer when they are for other days, or when other code reads them.
func TestPutSameBytesOtherMeaning(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]struct {
		days   string
		change func(*load.PutOptions)
	}{
		"other days": {"01-05", func(*load.PutOptions) {}},
		"other code": {"01-05..01-06", func(o *load.PutOptions) { o.TransformVersion = 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			put(t, wh, answer{Scope: scope(marketing, "01-05..01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10)}}, content("answer"))
			r := put(t, wh, answer{Scope: scope(marketing, again.days, sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 11)}}, content("answer"), again.change)
			if r.Updated != 1 {
				t.Errorf("%+v", r)
			}
			verify(t, wh)
		})
	}
}

// The ledger tells when rows were last written from when an answer last agreed with them.
func TestPutTellsWrittenFromConfirmed(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	batch := answer{Scope: scope(marketing, "01-05..01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10)}}
	put(t, wh, batch)
	batch.Deliveries[1] = row("01-06", "a", 11)
	put(t, wh, batch)
	same(t, "ledger", dump(t, wh, `
		SELECT to_char(c.date_key, 'DD'), w.load_id AS written, f.load_id AS confirmed
		FROM etl.coverage AS c
		JOIN etl.load AS w ON w.loaded_at = c.loaded_at
		JOIN etl.load AS f ON f.loaded_at = c.confirmed_at
		ORDER BY 1`), "05 1 2", "06 2 2")
	same(t, "views", dump(t, wh, `
		SELECT to_char(send_date, 'DD'), l.load_id FROM sms.delivery_daily AS d JOIN etl.load AS l USING (loaded_at) ORDER BY 1`), "05 1", "06 2")
}

func TestPutStates(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	batch := answer{Scope: scope(marketing, "01-05..01-08", sms.StatsDay),
		Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10), row("01-08", "a", 10)}}
	batch.Deliveries[1].Pending = sms.Reported(3)

	// The account's days start at 16:00 UTC of the day before: at 15:59 it is still the 11th there, at 16:00 the 12th.
	for _, step := range []struct {
		now  string
		want []string
	}{
		{"01-11 15:59", []string{"05 final", "06 provisional", "07 empty", "08 provisional"}},
		{"01-11 16:00", []string{"05 final", "06 provisional", "07 empty", "08 final"}},
	} {
		put(t, wh, batch, now(step.now), content("answer"))
		same(t, step.now, dump(t, wh, `SELECT to_char(date_key, 'DD'), state FROM etl.coverage ORDER BY date_key`), step.want...)
	}
	batch.Deliveries[1].Pending = sms.Reported(0)
	put(t, wh, batch, now("01-11 16:00"))
	same(t, "when nothing is pending", dump(t, wh, `SELECT DISTINCT state FROM etl.coverage ORDER BY state`), "empty", "final")
}

func TestPutFixedMembers(t *testing.T) {
	t.Parallel()
	wh := open(t, app, marketing)
	r := row("01-05", "(none)", 10) // a vendor's own name that looks like a fixed member
	r.Label, r.MessageType = sms.Unknown, sms.NotReported
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: []sms.Delivery{r}})

	n := row("01-05", "", 7)
	n.Grain = sms.Grain{Day: day("01-05"), Template: sms.NotReported, Label: sms.NotReported, MessageType: sms.NotReported, Country: sms.NotReported}
	n.VendorSent = sms.Count{}
	f := failure("01-05", "", busy, 7)
	f.Grain = n.Grain
	put(t, wh, answer{Scope: scope(app, "01-05", sms.SendStatus, sms.CallbackStatus), Deliveries: []sms.Delivery{n}, Failures: []sms.Failure{f}})

	same(t, "keys", dump(t, wh, `SELECT account_key, template_key > 0, label_key, message_type_key FROM sms.fact_delivery_daily ORDER BY requested`),
		"1 false -3 -3", "2 true -1 -3")
	same(t, "view", dump(t, wh, `SELECT account, template, label, message_type, requested FROM sms.delivery_daily ORDER BY requested`),
		"1400006874 (not reported) (not reported) (not reported) 7",
		"marketing (none) (unknown) (not reported) 10")
	same(t, "failures", dump(t, wh, `SELECT account, template, reason, day_state FROM sms.failure_daily`), "1400006874 (not reported) busy final")
	same(t, "ledger", dump(t, wh, ledgerLines),
		"callback_status 2026-01-05 final 1 - 0", "send_status 2026-01-05 final 1 0 0", "stats_day 2026-01-05 final 1 0 0")
	same(t, "NULL stays NULL", dump(t, wh, `SELECT vendor_sent FROM sms.delivery_by_day ORDER BY requested`), "-", "10")
	verify(t, wh)
}

// A load of one stage leaves the other stage's failures alone, and both the deliveries.
func TestPutReplacesOnlyItsStage(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.ProcessFailed), Failures: []sms.Failure{failure("01-05", "a", keyword, 4)}})
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.SendFailed), Failures: []sms.Failure{failure("01-05", "a", busy, 5), failure("01-05", "a", powerOff, 6)}})
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.SendFailed), Failures: []sms.Failure{failure("01-05", "a", powerOff, 7)}})
	same(t, "failures", dump(t, wh, failures),
		"2026-01-05 a processing keyword_block content_template 4 final",
		"2026-01-05 a sending power_off unreachable 7 final")
	verify(t, wh)

	// A code that nobody knew gets its category when a program knows it.
	mapped := *powerOff
	mapped.Category = sms.CarrierNetwork
	put(t, wh, answer{Scope: scope(marketing, "01-06", sms.SendFailed), Failures: []sms.Failure{failure("01-06", "a", &mapped, 1)}})
	same(t, "category", dump(t, wh, `SELECT category FROM sms.dim_failure_reason WHERE code = 'power_off'`), "carrier_network")
}

// A load that began earlier and comes later must not overwrite what a later load has written.
func TestPutFence(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	begin := func(days string) (int64, sms.Scope) {
		s := scope(marketing, days, sms.StatsDay)
		id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
		if err != nil {
			t.Fatal(err)
		}
		return id, s
	}
	options := load.PutOptions{Now: at("01-20 12:00"), Rules: rules(4)}
	old, oldScope := begin("01-05..01-06")
	later, laterScope := begin("01-06..01-07")
	if _, err := wh.Put(t.Context(), later, batchOf(answer{Scope: laterScope, Deliveries: []sms.Delivery{row("01-06", "new", 60), row("01-07", "new", 70)}}), options, nil); err != nil {
		t.Fatal(err)
	}
	r, err := wh.Put(t.Context(), old, batchOf(answer{Scope: oldScope, Deliveries: []sms.Delivery{row("01-05", "old", 50), row("01-06", "old", 600)}}), options, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := load.Result{LoadID: old, LoadedAt: r.LoadedAt, Outcome: load.Loaded, Counts: load.Counts{Received: 2, Inserted: 1, Held: 1}, Deliveries: 1, Superseded: []sms.Day{day("01-06")}}
	if d := cmp.Diff(want, r); d != "" {
		t.Error("(-want +got):\n", d)
	}
	same(t, "facts", dump(t, wh, `SELECT send_date, template FROM sms.delivery_daily ORDER BY send_date`),
		"2026-01-05 old", "2026-01-06 new", "2026-01-07 new")
	same(t, "names that only held rows have", dump(t, wh, `SELECT code FROM sms.dim_template WHERE template_key > 0 ORDER BY code`), "new", "old")

	// A later load that confirmed the day without writing a row fences as well.
	zombie, zombieScope := begin("01-07")
	put(t, wh, answer{Scope: zombieScope, Deliveries: []sms.Delivery{row("01-07", "new", 70)}})
	r, err = wh.Put(t.Context(), zombie, batchOf(answer{Scope: zombieScope, Deliveries: []sms.Delivery{row("01-07", "new", 1)}}), options, nil)
	if err != nil || r.Outcome != load.Superseded || r.Held != 1 {
		t.Errorf("zombie: %+v, %v", r, err)
	}
	verify(t, wh)

	if _, err := wh.Put(t.Context(), zombie, batchOf(answer{Scope: zombieScope}), options, nil); !errors.Is(err, load.ErrFinished) {
		t.Error("a load put twice:", err)
	}
}

func TestPutLeavesFrozenDaysAlone(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10)}})
	if _, err := ledger.Freeze(t.Context(), wh.DB, scope(marketing, "01-05", sms.StatsDay), ledger.Operator{Who: "ana", Reason: "r", Now: at("01-20 12:00")}); err != nil {
		t.Fatal(err)
	}
	r := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 11), row("01-06", "a", 11)}})
	want := load.Result{LoadID: r.LoadID, LoadedAt: r.LoadedAt, Outcome: load.Loaded, Counts: load.Counts{Received: 2, Updated: 1, Held: 1}, Deliveries: 1, Frozen: []sms.Day{day("01-05")}}
	if d := cmp.Diff(want, r); d != "" {
		t.Error("(-want +got):\n", d)
	}
	same(t, "facts", dump(t, wh, deliveries), "2026-01-05 a 10 9 0.900 frozen", "2026-01-06 a 11 10 0.909 final")
}

func TestPutRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	huge := row("01-05", "a", 10)
	huge.Requested = sms.Reported(1 << 60)
	other := row("01-05", "a", 10)
	other.Label = sms.Unknown
	for _, test := range []struct {
		name  string
		batch answer
		want  string // "" for no error
	}{
		{"two rows of a grain", answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", 10), row("01-05", "a", 10)}},
			"two rows for 2026-01-05, template a, label (none), message type 2"},
		{"a day outside", answer{Scope: s, Deliveries: []sms.Delivery{row("01-07", "a", 10)}}, "a row of 2026-01-07 in an answer for 2026-01-05/2026-01-06"},
		{"more messages than there are", answer{Scope: s, Deliveries: []sms.Delivery{huge}}, "requested of 2026-01-05 is"},
		{"failures of a dataset without any", answer{Scope: s, Failures: []sms.Failure{failure("01-05", "a", busy, 1)}}, `a failure in stage "sending"`},
		{"a failure without a reason", answer{Scope: scope(marketing, "01-05", sms.SendFailed), Failures: []sms.Failure{failure("01-05", "a", nil, 1)}}, "without a reason"},
		{"two failures of a grain", answer{Scope: scope(marketing, "01-05", sms.SendFailed),
			Failures: []sms.Failure{failure("01-05", "a", busy, 1), failure("01-05", "a", &sms.Reason{Code: "busy", Stage: sms.Sending, Category: sms.Unreachable}, 2)}}, "reason busy"},
		{"rows that differ in the label", answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), other}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := dump(t, wh, committed)
			_, err := tryPut(t.Context(), wh, test.batch)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, sms.ErrMalformed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ErrMalformed with %q", err, test.want)
			}
			if d := cmp.Diff(before, dump(t, wh, committed)); d != "" {
				t.Error("something was written:\n", d)
			}
		})
	}
	_, err := tryPut(t.Context(), wh, answer{Scope: sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(sms.Date(2050, 1, 1), east)}, Zeros: 1})
	if err == nil || !strings.Contains(err.Error(), "calendar") {
		t.Error("a day outside the calendar:", err)
	}
}

// Nothing of a load is there when its last step fails, and the load can then be failed.
func TestPutAllOrNothing(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10)}})
	before, lines := dump(t, wh, committed), dump(t, wh, ledgerLines)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("the queue is gone")
	batch := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "b", 10)}, Findings: []sms.Finding{{Check: "c", Subject: "s", Severity: sms.Info}},
		Rejects: []sms.Reject{{Foreign: true, Reason: "r"}}}
	_, err = wh.Put(t.Context(), id, batchOf(batch), load.PutOptions{Now: at("01-20 12:00")}, func(ctx context.Context, tx pgx.Tx) error {
		var rows int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM sms.fact_delivery_daily AS f JOIN sms.dim_template AS t USING (template_key) WHERE t.code = 'b'`).Scan(&rows); err != nil || rows != 1 {
			t.Error("the completion does not see the facts:", rows, err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Error("got", err)
	}
	if d := cmp.Diff(before+lines, dump(t, wh, committed)+dump(t, wh, ledgerLines)); d != "" {
		t.Error("something stayed (-before +after):\n", d)
	}
	same(t, "findings and rejects", dump(t, wh, `SELECT (SELECT count(*) FROM etl.finding), (SELECT count(*) FROM etl.reject)`), "0 0")
	if err := wh.Fail(t.Context(), id, batchOf(batch), boom.Error(), at("01-20 12:00")); err != nil {
		t.Error(err)
	}
	same(t, "the load", dump(t, wh, `SELECT outcome, reason, rejected FROM etl.load ORDER BY load_id DESC LIMIT 1`), "failed the queue is gone 1")
}

func TestPutKeepsFindingsAndRejects(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	batch := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10)},
		Findings: []sms.Finding{
			{Check: "unknown_field", Subject: "carrier", Severity: sms.Info, Detail: "x", Rows: 2},
			{Check: "unknown_field", Subject: "carrier", Severity: sms.Info, Detail: "y", Rows: 3},
			{Check: "negative_pending", Subject: "pending", Severity: sms.Error, Day: day("01-05"), Detail: "z\x00\xff", Rows: 1},
		},
		Rejects: []sms.Reject{{Payload: sms.Hash{1}, Position: 7, Foreign: true, Reason: "another account's", Row: "{\"a\":\x00}"}},
	}
	for range 2 {
		r := put(t, wh, batch)
		if r.Received != 2 || r.Rejected != 1 {
			t.Errorf("%+v", r)
		}
	}
	same(t, "findings", dump(t, wh, `SELECT check_name, subject, severity, day, detail, rows, load_id FROM etl.finding ORDER BY check_name`),
		"negative_pending pending error 2026-01-05 z\uFFFD\uFFFD 1 2", "unknown_field carrier info - x 5 2")
	same(t, "rejects", dump(t, wh, `SELECT load_id, position, reason, row, octet_length(hash) FROM etl.reject ORDER BY 1`),
		"1 7 another account's {\"a\":\uFFFD} 32", "2 7 another account's {\"a\":\uFFFD} 32")
}
