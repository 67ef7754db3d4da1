package load_test

import (
	"errors"
	"strings"
	"testing"

	"smsetl/load"
	"smsetl/load/star"
	"smsetl/sms"
)

// A first answer whose numbers contradict each other is believed where nobody knows yet whether the vendor's calls ever agree. It once stood
// there without a word until somebody ran the checks.
func TestFirstAnswerThatContradictsItselfIsAFinding(t *testing.T) {
	t.Parallel()
	s := scope(marketing, "01-05..01-06", sms.StatsDay, sms.ProcessFailed, sms.SendFailed)
	for name, test := range map[string]struct {
		change func(*answer)
		want   string
	}{
		"honest":     {func(*answer) {}, ""},
		"reasons":    {func(a *answer) { a.Failures[0].Messages = sms.Reported(11) }, "[2026-01-05,2026-01-06) 10 messages failed by the totals, and 11 by reason"},
		"no reasons": {func(a *answer) { a.Failures = a.Failures[1:] }, "[2026-01-05,2026-01-06) 10 messages failed by the totals, and 0 by reason"},
		"pending": {func(a *answer) {
			a.Failures[0].Messages, a.Deliveries[0].Pending, a.Deliveries[0].Delivered = sms.Reported(11), sms.Reported(1), sms.Reported(89)
		}, ""},
		"results": {func(a *answer) { a.Deliveries[1].Delivered = sms.Reported(191) }, "[2026-01-06,2026-01-07) 211 results of 200 messages that were handed on"},
		"both": {func(a *answer) {
			a.Deliveries[0].Delivered, a.Failures[1].Messages = sms.Reported(91), sms.Reported(0)
		}, "[2026-01-05,2026-01-07) 101 results of 100 messages that were handed on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			batch := func() answer {
				return answer{
					Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 100), row("01-06", "a", 200)},
					Failures: []sms.Failure{failure("01-05", "a", busy, 10), failure("01-06", "a", busy, 20)},
				}
			}
			odd := batch()
			test.change(&odd)
			const open = `SELECT trim('{}' FROM seen_on::text), detail FROM etl.finding WHERE check_name = 'contradiction' AND severity = 'warning' AND closed_at IS NULL`
			put(t, wh, odd)
			if got := dump(t, wh, open); strings.TrimSpace(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			put(t, wh, batch(), now("01-21 12:00"))
			same(t, "findings after an honest answer", dump(t, wh, open), "")
		})
	}
}

// answerOf is an answer for one day of a dataset, with a row for each number.
func answerOf(s sms.Scope, requested ...int64) answer {
	b := answer{Scope: s}
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
	batch     answer
	state     string // state and rows of the day afterwards
	held      int64
	overruled bool // the day stands because its answer was repeated, and a finding says so
}

// What the rules decide about an answer is what becomes of its rows and of the ledger's line; the rules themselves are tested in
// their own room.
func TestDecisionsAreCarriedOut(t *testing.T) {
	t.Parallel()
	s := scope(marketing, "01-05", sms.StatsDay)
	unreadable, foreign := answerOf(s, 5), answerOf(s, 5)
	unreadable.Rejects = []sms.Reject{{Reason: "targets is -1"}}
	foreign.Rejects = []sms.Reject{{Foreign: true, Reason: "sms_user is another"}}
	noDelivered := answerOf(s, 500)
	noDelivered.Deliveries[0].Delivered = sms.Count{}
	beyond := answer{Scope: s, Beyond: []sms.Window{s.Window}}
	for name, steps := range map[string][]step{
		"held, then believed because it is repeated": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 2000), state: "quarantined 1", held: 1},
			{now: "01-20 13:59", batch: answerOf(s, 2000), state: "quarantined 1", held: 1},
			{now: "01-20 14:00", batch: answerOf(s, 2000), state: "provisional 1", overruled: true},
			{now: "01-25 14:00", batch: answerOf(s, 2000), state: "final 1", overruled: true},
			{now: "01-26 14:00", batch: answerOf(s, 1990), state: "final 1"},
		},
		"another answer begins the wait anew": {
			{now: "01-20 12:00", batch: answerOf(s, 1000), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s, 2000), state: "quarantined 1", held: 1},
			{now: "01-20 14:00", batch: answerOf(s, 2001), state: "quarantined 1", held: 1},
			{now: "01-20 14:30", batch: answerOf(s, 1000), state: "final 1"},
		},
		"an empty answer never empties a settled day": {
			{now: "01-20 12:00", batch: answerOf(s, 5), state: "final 1"},
			{now: "01-20 13:00", batch: answerOf(s), state: "final 1"},
			{now: "01-29 13:00", batch: answerOf(s), state: "final 1"},
		},
		"a row that cannot be read": {
			{now: "01-20 12:00", batch: unreadable, state: "quarantined 0", held: 1},
			{now: "01-20 12:30", batch: answerOf(s, 5, 6), state: "final 2"},
		},
		"a row of another account is nobody's loss": {
			{now: "01-20 12:00", batch: foreign, state: "final 1"},
		},
		"a number that was always there": {
			{now: "01-20 12:00", batch: answerOf(s, 500), state: "final 1"},
			{now: "01-20 13:00", batch: noDelivered, state: "quarantined 1", held: 1},
			{now: "01-22 13:00", batch: noDelivered, state: "quarantined 1", held: 1},
			{now: "01-24 13:00", batch: noDelivered, state: "final 1", overruled: true},
		},
		"nothing, and nothing known of older days": {
			{now: "01-20 12:00", batch: answerOf(s), state: "quarantined 0"},
			{now: "01-20 13:00", batch: answerOf(s), state: "unverified 0"},
			{now: "01-20 14:00", batch: answerOf(s, 7), state: "final 1"},
		},
		"a refusal to answer for so old a day": {
			{now: "01-20 12:00", batch: beyond, state: "lost 0"},
			{now: "01-20 13:00", batch: answerOf(s, 7), state: "final 1"},
			{now: "01-20 14:00", batch: beyond, state: "final 1"},
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
				if quarantined && r.Waiting[s.Window.First()] == "" {
					t.Errorf("%s: nobody is told why the day waits", step.now)
				}
				found := dump(t, wh, `SELECT subject, day FROM etl.finding WHERE check_name = 'doubt_overruled' AND closed_at IS NULL`)
				if (found == "2026-01-05 2026-01-05") != step.overruled {
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
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1000), row("01-06", "a", 1000), row("01-07", "a", 1000)}})
	r := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1001), row("01-06", "b", 10), row("01-07", "a", 1000)}})
	if r.Updated != 1 || r.Held != 1 || len(r.Quarantined) != 1 {
		t.Errorf("%+v", r)
	}
	same(t, "facts", dump(t, wh, deliveries),
		"2026-01-05 a 1001 901 0.900 final", "2026-01-06 a 1000 900 0.900 quarantined", "2026-01-07 a 1000 900 0.900 final")
	same(t, "templates: b is not believed yet", dump(t, wh, `SELECT code FROM sms.dim_template WHERE template_key > 0`), "a")
	verify(t, wh)
}

// The datasets of a group wait together, whichever of them is in doubt, and settle together.
func TestGroupsWaitAndSettleTogether(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	all := answer{Scope: scope(marketing, "01-05..01-08", sms.StatsDay, sms.ProcessFailed, sms.SendFailed)}
	for _, d := range []string{"01-05", "01-06", "01-07", "01-08"} {
		r := row(d, "a", 1000) // of which 100 failed
		if d == "01-08" {
			r.Delivered, r.Pending = sms.Reported(850), sms.Reported(50)
		}
		all.Deliveries = append(all.Deliveries, r)
		all.Failures = append(all.Failures, failure(d, "a", busy, r.SendFailed.Or(0)))
	}
	put(t, wh, all, now("01-13 03:00"))
	same(t, "pending", dump(t, wh, `SELECT DISTINCT state FROM etl.coverage WHERE date_key = '2026-01-08'`), "provisional")
	doubled := all
	doubled.Failures = append([]sms.Failure(nil), all.Failures...)
	doubled.Failures[0].Messages = doubled.Failures[0].Messages.Plus(doubled.Failures[0].Messages)
	put(t, wh, doubled, now("01-13 04:00"))
	same(t, "ledger", dump(t, wh, `SELECT dataset, state FROM etl.coverage WHERE date_key = '2026-01-05' ORDER BY 1`),
		"process_failed quarantined", "send_failed quarantined", "stats_day quarantined")
	put(t, wh, all, now("01-15 03:00")) // seven days after 01-08, and nothing has moved
	same(t, "settled", dump(t, wh, `SELECT dataset, state, count(*) FROM etl.coverage GROUP BY 1, 2 ORDER BY 1, 2`),
		"process_failed final 4", "send_failed final 4", "stats_day final 4")
	verify(t, wh)
}

// An answer that surprises is taken back when the vendor can be asked for its own sums, which then decide.
func TestSumsAreWanted(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answerOf(s, 1000))
	_, err := tryPut(t.Context(), wh, answerOf(s, 400), func(o *load.PutOptions) { o.CanSum = true })
	if !errors.Is(err, load.ErrWantsSums) {
		t.Fatalf("the answer ended with %v", err)
	}
	same(t, "nothing has happened", dump(t, wh, `SELECT state, messages FROM etl.coverage`), "final 1000")
	for _, sum := range []struct {
		requested int64
		state     string
	}{{1000, "quarantined 1000"}, {400, "final 400"}} {
		put(t, wh, answerOf(s, 400), func(o *load.PutOptions) {
			o.Sums = []sms.SumCheck{{Window: s.Window, Requested: sum.requested}}
		})
		same(t, "the day", dump(t, wh, `SELECT state, messages FROM etl.coverage`), sum.state)
	}
	same(t, "findings", dump(t, wh, `SELECT check_name FROM etl.finding WHERE closed_at IS NULL`), "messages_removed")
}

// Two rows of one key are refused with both shown, and added up where the vendor's sums say so.
func TestTwoRowsOfOneKey(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	b := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1000), row("01-05", "a", 500)}}
	_, err := tryPut(t.Context(), wh, b)
	if twice, is := errors.AsType[*star.TwiceError](err); !is || !errors.Is(err, sms.ErrMalformed) ||
		!strings.Contains(twice.Rows[0], "requested 1000") || !strings.Contains(twice.Rows[1], "requested 500") {
		t.Fatalf("the answer ended with %v", err)
	}
	put(t, wh, b, func(o *load.PutOptions) { o.AddUp = true })
	same(t, "facts", dump(t, wh, `SELECT requested, delivered FROM sms.fact_delivery_daily`), "1500 1350")
	same(t, "findings", dump(t, wh, `SELECT check_name, rows FROM etl.finding`), "rows_added_up 1")
	verify(t, wh)
}
