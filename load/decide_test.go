package load_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smsetl/load"
	"smsetl/sms"
)

// The answers of these tests, for one day of a dataset.
func answerOf(s sms.Scope, requested ...int64) sms.Batch {
	b := sms.Batch{Scope: s}
	for i, n := range requested {
		d := row("01-05", string(rune('a'+i)), n)
		d.Day = s.Window.First()
		b.Deliveries = append(b.Deliveries, d)
	}
	return b
}

// step is one answer: when it came, what it said, and what is then known.
type step struct {
	now       string
	batch     sms.Batch
	state     string // state and rows of the day afterwards
	held      int64
	doubtOnly bool // the reason has to name a time
	overruled bool // the day stands because its answer came twice, and a finding says so
}

// later is an answer after more receipts: one more message of each row is delivered.
func later(b sms.Batch) sms.Batch {
	b.Deliveries = slices.Clone(b.Deliveries)
	for i := range b.Deliveries {
		d := &b.Deliveries[i]
		d.Delivered, d.SendFailed = d.Delivered.Plus(sms.Reported(1)), d.SendFailed.Minus(sms.Reported(1))
	}
	return b
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := scope(marketing, "01-05", sms.StatsDay)
	unread := answerOf(s, 500, 500)
	unread.Deliveries[1].Delivered = sms.Count{}
	unreadOther := answerOf(s, 500, 501)
	unreadOther.Deliveries[1].Delivered = sms.Count{}
	unreadable, foreign := answerOf(s, 5), answerOf(s, 5)
	unreadable.Rejects = []sms.Reject{{Reason: "targets is -1"}}
	foreign.Rejects = []sms.Reject{{Foreign: true, Reason: "sms_user is another"}}
	for name, steps := range map[string][]step{
		"a silent answer is believed when it is repeated an hour later": {
			{now: "01-20 12:00", batch: answerOf(s), state: "quarantined 0", doubtOnly: true},
			{now: "01-20 12:59", batch: answerOf(s), state: "quarantined 0", doubtOnly: true},
			{now: "01-20 13:00", batch: answerOf(s), state: "empty 0"},
			{now: "01-20 13:01", batch: answerOf(s), state: "empty 0"},
		},
		"a silent answer never empties a day at once": {
			{now: "01-20 12:00", batch: answerOf(s, 5), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s), state: "quarantined 1", doubtOnly: true},
			{now: "01-20 14:00", batch: answerOf(s), state: "provisional 0", overruled: true}, // for as long as a young day is
			{now: "01-24 12:59", batch: answerOf(s), state: "provisional 0", overruled: true},
			{now: "01-24 13:00", batch: answerOf(s), state: "empty 0", overruled: true},
			{now: "01-25 13:00", batch: answerOf(s, 5), state: "final 1"},
		},
		"a row that cannot be read": {
			{now: "01-20 12:00", batch: unreadable, state: "quarantined 0", held: 1, doubtOnly: true},
			{now: "01-20 12:30", batch: answerOf(s, 5, 6), state: "final 2"},
			{now: "01-20 13:00", batch: unreadable, state: "quarantined 2", held: 1, doubtOnly: true},
			{now: "01-20 14:00", batch: unreadable, state: "provisional 1", overruled: true},
		},
		"a row of another account is nobody's loss": {
			{now: "01-20 12:00", batch: foreign, state: "final 1"},
		},
		"an answer of zeros is not silent": {
			{now: "01-20 12:00", batch: sms.Batch{Scope: s, Zeros: 3}, state: "empty 0"},
		},
		"a day that shrinks by more than half": {
			{now: "01-20 12:00", batch: answerOf(s, 100, 900), state: "final 2"},
			{now: "01-20 13:00", batch: answerOf(s, 100, 399), state: "quarantined 2", held: 2, doubtOnly: true},
			{now: "01-20 14:00", batch: answerOf(s, 100, 398), state: "quarantined 2", held: 2, doubtOnly: true}, // another doubtful answer
			{now: "01-20 14:30", batch: answerOf(s, 100, 398), state: "quarantined 2", held: 2, doubtOnly: true},
			{now: "01-20 15:00", batch: answerOf(s, 100, 398), state: "provisional 2", overruled: true},
			{now: "01-25 15:00", batch: answerOf(s, 100, 398), state: "final 2", overruled: true},
			{now: "01-26 15:00", batch: answerOf(s, 100, 400), state: "final 2"},
		},
		"a day that shrinks by half": {
			{now: "01-20 12:00", batch: answerOf(s, 100, 900), state: "final 2"},
			{now: "01-20 13:00", batch: answerOf(s, 100, 400), state: "final 2"},
		},
		"a small day may do what it likes": {
			{now: "01-20 12:00", batch: answerOf(s, 99), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 1), state: "final 1"},
		},
		"a day that doubles": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 1799), state: "final 1"},
			{now: "01-20 14:00", batch: answerOf(s, 3598), state: "quarantined 1", held: 1, doubtOnly: true},
			{now: "01-20 15:00", batch: answerOf(s, 1799), state: "final 1"},
		},
		"a day that doubles because it did": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 2000), state: "quarantined 1", held: 1, doubtOnly: true},
			{now: "01-20 14:00", batch: answerOf(s, 2000), state: "provisional 1", overruled: true},
		},
		"receipts that come in meanwhile are no disagreement": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 200), state: "quarantined 1", held: 1, doubtOnly: true},
			{now: "01-20 14:00", batch: later(answerOf(s, 200)), state: "provisional 1", overruled: true},
		},
		"a good answer ends the doubt": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 10), state: "quarantined 1", held: 1, doubtOnly: true},
			{now: "01-20 13:10", batch: answerOf(s, 1001), state: "final 1"},
			{now: "01-20 14:30", batch: answerOf(s, 10), state: "quarantined 1", held: 1, doubtOnly: true},
		},
		"a null where the vendor has a number": {
			{now: "01-20 12:00", batch: answerOf(s, 500, 500), state: "final 2"},
			{now: "01-20 13:00", batch: unread, state: "quarantined 2", held: 2, doubtOnly: true},
			{now: "01-20 14:00", batch: unreadOther, state: "quarantined 2", held: 2, doubtOnly: true},
			{now: "01-20 15:00", batch: unread, state: "quarantined 2", held: 2, doubtOnly: true},
			{now: "01-20 16:00", batch: unread, state: "provisional 2", overruled: true},
			{now: "01-20 16:10", batch: unread, state: "provisional 2", overruled: true}, // confirmed once is confirmed
			{now: "01-25 16:10", batch: unread, state: "final 2", overruled: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			for _, step := range steps {
				r := put(t, wh, step.batch, now(step.now))
				same(t, step.now, dump(t, wh, `SELECT state, row_count FROM etl.coverage`), step.state)
				if r.Held != step.held {
					t.Errorf("%s: held %d rows, want %d", step.now, r.Held, step.held)
				}
				quarantined := strings.HasPrefix(step.state, "quarantined")
				if (len(r.Quarantined) > 0) != quarantined {
					t.Errorf("%s: quarantined %v", step.now, r.Quarantined)
				}
				reason := dump(t, wh, `SELECT reason FROM etl.coverage`)
				if strings.Contains(reason, "believed when an answer after 2026-01-20T") != step.doubtOnly {
					t.Errorf("%s: reason %q", step.now, reason)
				}
				found := dump(t, wh, `SELECT subject, day FROM etl.finding WHERE check_name = 'doubt_overruled' AND closed_at IS NULL`)
				if (found == "stats_day 2026-01-05 2026-01-05") != step.overruled {
					t.Errorf("%s: findings %q, want one: %v", step.now, found, step.overruled)
				}
				verify(t, wh)
			}
		})
	}
}

// Only the day that is in doubt waits.
func TestQuarantineIsByDay(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-07", sms.StatsDay)
	put(t, wh, sms.Batch{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1000), row("01-06", "a", 1000), row("01-07", "a", 1000)}})
	r := put(t, wh, sms.Batch{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1001), row("01-06", "b", 10)}})
	if r.Updated != 1 || r.Held != 1 || len(r.Quarantined) != 2 {
		t.Errorf("%+v", r)
	}
	same(t, "facts", dump(t, wh, deliveries),
		"2026-01-05 a 1001 901 0.900 final", "2026-01-06 a 1000 900 0.900 quarantined", "2026-01-07 a 1000 900 0.900 quarantined")
	same(t, "templates: b is not believed yet", dump(t, wh, `SELECT code FROM sms.dim_template WHERE template_key > 0`), "a")
	verify(t, wh)

	// Both of Tencent's datasets wait when one of them is in doubt: they share their rows.
	if err := wh.Account(t.Context(), "test", app); err != nil {
		t.Fatal(err)
	}
	both := scope(app, "01-05", sms.SendStatus, sms.CallbackStatus)
	batch := sms.Batch{Scope: both, Deliveries: []sms.Delivery{row("01-05", "", 1000)}, Failures: []sms.Failure{failure("01-05", "", busy, 400)}}
	put(t, wh, batch)
	batch.Failures = nil
	put(t, wh, batch)
	same(t, "ledger", dump(t, wh, `SELECT dataset, state, row_count FROM etl.coverage WHERE account_key = 2 ORDER BY 1`),
		"callback_status quarantined 1", "send_status quarantined 1")
	verify(t, wh)
}

func TestGuardIsASetting(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	guard := func(o *load.PutOptions) {
		o.Guard = load.Guard{
			Thresholds: load.Thresholds{ShrinkRatio: 0.1, MinMessages: 10}, ConfirmAfter: time.Minute,
			Datasets: map[sms.Dataset]load.Thresholds{sms.StatsDay: {ShrinkRatio: 0.9, MinMessages: 10}},
		}
	}
	for _, step := range []step{
		{now: "01-20 12:00", batch: answerOf(s, 20), state: "final 1"},
		{now: "01-20 12:10", batch: answerOf(s, 17), state: "quarantined 1"},
		{now: "01-20 12:11", batch: answerOf(s, 17), state: "provisional 1"},
	} {
		put(t, wh, step.batch, now(step.now), guard)
		same(t, step.now, dump(t, wh, `SELECT state, row_count FROM etl.coverage`), step.state)
	}
}
