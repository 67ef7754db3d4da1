package load_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/sms"
	"smsetl/transform"
)

// reported is a warehouse that gets exports and pushes of one day, and what was told of its messages.
type reported struct {
	wh     *load.Warehouse
	scope  sms.Scope
	now    time.Time
	pushes map[sms.Hash][]sms.Message
	told   []sms.Message
	facts  []string // of the last counting
	fail   func(args ...any)
}

func (r *reported) options() load.PutOptions {
	return load.PutOptions{Now: r.now, Rules: rules(4), ConfirmAfter: time.Hour, TransformVersion: 1}
}

func (r *reported) fold(listened []sms.Span, tellings func(func(*sms.Message) error) error) ([]sms.Delivery, []sms.Failure, error) {
	days := transform.Days{Listened: listened}
	err := tellings(func(m *sms.Message) error { days.Tell(m); return nil })
	deliveries, failures := days.Facts(shop)
	r.facts = facts(deliveries, failures)
	return deliveries, failures, err
}

// load begins and puts an import; without messages it counts anew.
func (r *reported) load(messages []sms.Message, exports ...load.Export) load.Imported {
	ctx := context.Background()
	loadID, err := r.wh.Begin(ctx, load.Start{Scope: r.scope, Now: r.now})
	if err != nil {
		r.fail(err)
	}
	im := load.Import{LoadID: loadID, Scope: r.scope, Exports: exports, Fold: r.fold}
	if messages != nil {
		im.Messages = func(each func(*sms.Message) error) error {
			for i := range messages {
				if err := each(&messages[i]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	done, err := r.wh.Import(ctx, im, r.options())
	if err != nil {
		r.fail(err)
	}
	r.told = append(r.told, messages...)
	return done
}

// push keeps reports as one body.
func (r *reported) push(reports []sms.Message) {
	body := pack.Bytes(fmt.Appendf(nil, "push %d %v", len(r.pushes), r.now))
	_, err := r.wh.KeepPush(context.Background(), load.Push{Source: "main", Body: body, Reports: int64(len(reports)), ReceivedAt: r.now})
	if err != nil {
		r.fail(err)
	}
	r.pushes[body.Hash] = reports
	r.told = append(r.told, reports...)
}

// count takes in what was pushed and counts the days that it touches.
func (r *reported) count() (counted int) {
	ctx := context.Background()
	for {
		done, err := r.wh.MergePushes(ctx, load.Merge{Source: "main", Now: r.now, Read: func(p *sms.Payload, each func(*sms.Message) error) (int64, error) {
			for i, m := range r.pushes[p.Body.Hash] {
				m.Position = int64(i)
				if err := each(&m); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}})
		if err != nil {
			r.fail(err)
		}
		if done.Pushes == 0 {
			break
		}
	}
	touched, err := r.wh.TouchedDays(ctx, "main", r.now)
	if err != nil {
		r.fail(err)
	}
	for range touched[shop] {
		r.load(nil)
		counted++
	}
	return counted
}

func newReported(t *testing.T) *reported {
	t.Helper()
	wh := open(t, shop)
	if err := wh.Account(context.Background(), "main", shop); err != nil {
		t.Fatal(err)
	}
	return &reported{wh: wh, scope: scope(shop, "01-05", shop.Vendor.Groups()[0]...), now: at("01-20 12:00"), fail: t.Fatal}
}

func (r *reported) forget(ctx context.Context) {
	_, err := r.wh.Pool().Exec(ctx, `TRUNCATE etl.huawei_message, etl.huawei_report, etl.huawei_push, etl.huawei_touched_day`)
	if err != nil {
		r.fail(err)
	}
	r.pushes, r.told, r.facts = map[sms.Hash][]sms.Message{}, nil, nil
}

// drawReport draws a pushed report of the messages that drawTelling draws.
func drawReport(t *rapid.T) sms.Message {
	m := drawTelling(t)
	return sms.Message{
		Account: sms.Account{Vendor: sms.Huawei}, ID: m.ID, Piece: max(m.Piece, 1), Pieces: m.Pieces, Outcome: m.Outcome, Code: m.Code, Source: m.Source,
		ReportedAt: m.ReportedAt, SeenAt: m.SeenAt, Origin: sms.FromPush, IsHint: rapid.Bool().Draw(t, "is hint"),
	}
}

// knownFacts gives the facts that transform.Known makes of tellings.
func knownFacts(all []sms.Message) ([]string, map[string]sms.Message) {
	known, settled := map[string]*transform.Known{}, map[string]sms.Message{}
	for i := range all {
		m := all[i]
		if known[m.ID] == nil {
			known[m.ID] = new(transform.Known)
		}
		if m.Outcome == sms.OutcomeSendFailed {
			m.Reason = map[string]*sms.Reason{
				"UNDELIV": {Code: "UNDELIV", Stage: sms.Sending, Category: sms.Unreachable},
				"BLACK":   {Code: "BLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
			}[m.Code]
		}
		known[m.ID].Tell(&m)
	}
	var daily transform.Daily
	for id, k := range known {
		if m, ok := k.Settle(time.Time{}); ok {
			daily.Add(&m)
			settled[id] = m
		}
	}
	return facts(daily.Facts(shop)), settled
}

// However exports and pushes come, mixed, before or after each other, the facts are those of transform.Known; and hints leave every
// message alone that has a confirmed result.
func TestReportsMergeAsKnown(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	whole := load.Export{Name: "whole", MadeAt: at("01-10 00:00"), Covers: sms.Span{From: day("01-05").UTC(), To: day("01-06").UTC()}}
	rapid.Check(t, func(t *rapid.T) {
		r.fail = t.Fatal
		r.forget(context.Background())
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				r.load(rapid.SliceOfN(rapid.Custom(drawTelling), 1, 4).Draw(t, "tellings"), whole)
			case 1:
				r.push(rapid.SliceOfN(rapid.Custom(drawReport), 1, 4).Draw(t, "reports"))
			default:
				r.count()
			}
		}
		r.load([]sms.Message{}, whole)
		r.count()
		want, all := knownFacts(r.told)
		if diff := cmp.Diff(want, r.facts); diff != "" {
			t.Fatalf("(-known +table):\n%s", diff)
		}
		var confirmed []sms.Message
		for _, m := range r.told {
			if !m.IsHint {
				confirmed = append(confirmed, m)
			}
		}
		_, without := knownFacts(confirmed)
		for id, m := range without {
			if m.Outcome.IsFinal() && m.Code != "EXPIRED" && (all[id].Outcome != m.Outcome || all[id].Code != m.Code) {
				t.Fatalf("a hint changed %s from %s %s to %s %s", id, m.Outcome, m.Code, all[id].Outcome, all[id].Code)
			}
		}
		if again := r.count(); again != 0 {
			t.Fatalf("counted %d days once more, with nothing new", again)
		}
	})
}

// pendingMessage is a row of an export without a result.
func pendingMessage(id string, sentAt, madeAt time.Time) sms.Message {
	return sms.Message{
		Account: shop, ID: id, Origin: sms.FromExport, SentAt: sentAt, SeenAt: madeAt, Outcome: sms.OutcomePending,
		Grain: sms.Grain{Day: day("01-05"), Template: sms.Named(id), Label: sms.None, MessageType: sms.None, Country: sms.Unknown},
	}
}

// listen listens without a break from one time to another.
func (r *reported) listen(from, to time.Time) {
	for at := from; !at.After(to); at = at.Add(10 * time.Minute) {
		if err := r.wh.Listening(context.Background(), "main", at); err != nil {
			r.fail(err)
		}
	}
}

// wholeDay is an export of all of the day.
func wholeDay(madeAt time.Time) load.Export {
	return load.Export{Name: "whole", MadeAt: madeAt, Covers: sms.Span{From: day("01-05").UTC(), To: day("01-06").UTC()}}
}

// A message without a report is EXPIRED when its 72 hours are over, if pushes were listened for all that time, and only then.
func TestSilenceIsBelievedWhereSomebodyListened(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.forget(t.Context())
	start := day("01-05").UTC()
	r.now = at("01-06 12:00")
	r.listen(start.Add(10*time.Hour), start.Add(20*time.Hour))
	r.listen(start.Add(22*time.Hour), start.Add(22*time.Hour+71*time.Hour)) // two hours are missing between
	r.load([]sms.Message{
		pendingMessage("unheard", start.Add(9*time.Hour), start.Add(30*time.Hour)),
		pendingMessage("broken", start.Add(12*time.Hour), start.Add(30*time.Hour)),
		pendingMessage("silent", start.Add(23*time.Hour), start.Add(30*time.Hour)),
	}, wholeDay(start.Add(30*time.Hour)))

	expire := func(now time.Time) int64 {
		r.now = now
		n, err := r.wh.TouchExpired(t.Context(), "main", now, transform.PendingFor)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := expire(start.Add(93 * time.Hour)); n != 0 {
		t.Errorf("%d days are touched before the time is over", n)
	}
	r.listen(start.Add(93*time.Hour), start.Add(96*time.Hour))
	if n := expire(start.Add(96 * time.Hour)); n != 1 || r.count() != 1 {
		t.Errorf("%d days are touched, want 1", n)
	}
	same(t, "facts", dump(t, r.wh, `
		SELECT t.code, f.pending, f.send_failed
		FROM sms.fact_delivery_daily AS f
		JOIN sms.dim_template        AS t USING (template_key)
		ORDER BY 1`), "broken 1 0", "silent 0 1", "unheard 1 0")
	if n := expire(start.Add(97 * time.Hour)); n != 0 {
		t.Errorf("%d days are touched again, with nothing new", n)
	}
	// An export that knows no more does not take it back.
	if done := r.load([]sms.Message{pendingMessage("silent", start.Add(23*time.Hour), start.Add(31*time.Hour))}, wholeDay(start.Add(31*time.Hour))); done.Updated != 0 {
		t.Errorf("an import changed %d rows", done.Updated)
	}
}

// report is a signed report of a message of one piece.
func report(id string, outcome sms.Outcome, code string, seen time.Time) sms.Message {
	return sms.Message{
		Account: sms.Account{Vendor: sms.Huawei}, ID: id, Piece: 1, Pieces: 1, Outcome: outcome, Code: code, ReportedAt: seen, SeenAt: seen, Origin: sms.FromPush,
	}
}

// A frozen day waits for its reports, and gets them when it is thawed. Reports that no export ever tells of are thrown away with
// their bytes, and those that days rest on without.
func TestReportsWaitAndAreThrownAway(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.forget(t.Context())
	start := day("01-05").UTC()
	r.now = at("01-06 12:00")
	r.load([]sms.Message{pendingMessage("m", start.Add(9*time.Hour), start.Add(30*time.Hour))}, wholeDay(start.Add(30*time.Hour)))
	if _, err := r.wh.Freeze(t.Context(), r.scope, ana("the vendor counts twice", "01-06 12:00")); err != nil {
		t.Fatal(err)
	}
	r.push([]sms.Message{report("m", sms.OutcomeDelivered, "DELIVRD", start.Add(40*time.Hour))})
	r.push([]sms.Message{report("nobody's", sms.OutcomeDelivered, "DELIVRD", start.Add(40*time.Hour))})
	if n := r.count(); n != 0 {
		t.Errorf("%d frozen days were counted", n)
	}
	if _, err := r.wh.Unfreeze(t.Context(), r.scope, ana("it does not", "01-06 13:00")); err != nil {
		t.Fatal(err)
	}
	if n := r.count(); n != 1 {
		t.Errorf("%d days were counted after the thaw, want 1", n)
	}
	same(t, "facts", dump(t, r.wh, `SELECT delivered, pending FROM sms.fact_delivery_daily`), "1 0")
	same(t, "reports", dump(t, r.wh, `SELECT message_id, is_waiting FROM etl.huawei_report ORDER BY 1`), "m false", "nobody's true")

	if n, err := r.wh.PruneReports(t.Context(), "main", r.now); err != nil || n != 0 {
		t.Errorf("%d young reports were thrown away: %v", n, err)
	}
	n, err := r.wh.PruneReports(t.Context(), "main", r.now.Add(time.Hour))
	if err != nil || n != 2 {
		t.Errorf("%d reports were thrown away, want 2: %v", n, err)
	}
	same(t, "what is left", dump(t, r.wh, `
		SELECT p.is_settled, r.packed IS NOT NULL
		FROM etl.huawei_push AS p JOIN etl.raw AS r USING (hash)`), "true true")
	same(t, "bytes", dump(t, r.wh, `SELECT count(*) FROM etl.raw WHERE packed IS NOT NULL`), "1")
	if n, err := r.wh.PruneReports(t.Context(), "main", r.now.Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("once more: %d %v", n, err)
	}
}

// A day that reports would turn upside down is doubted like any other, and believed when it says the same an hour later, without a new
// push.
func TestReportsAreDoubtedToo(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.forget(t.Context())
	start := day("01-05").UTC()
	var failed, delivered []sms.Message
	for i := range 150 {
		m := pendingMessage("m", start.Add(9*time.Hour), start.Add(30*time.Hour))
		m.Piece, m.Pieces = 1, 1 // of a row for the whole message no report of a piece makes anything else
		m.ID, m.Outcome, m.Code, m.ReportedAt = fmt.Sprint("m", i), sms.OutcomeSendFailed, "UNDELIV", start.Add(10*time.Hour)
		failed = append(failed, m)
		delivered = append(delivered, report(m.ID, sms.OutcomeDelivered, "DELIVRD", start.Add(40*time.Hour)))
	}
	r.now = at("01-20 12:00")
	r.load(failed, wholeDay(start.Add(30*time.Hour)))
	r.push(delivered)
	if n := r.count(); n != 1 {
		t.Errorf("%d days were counted, want 1", n)
	}
	facts := func() string { return dump(t, r.wh, `SELECT delivered, send_failed FROM sms.fact_delivery_daily`) }
	same(t, "what is doubted", facts(), "0 150")
	if n := r.count(); n != 0 {
		t.Errorf("%d days were counted before a second answer could be believed", n)
	}
	r.now = at("01-20 13:01")
	if n := r.count(); n != 1 {
		t.Errorf("%d days were counted an hour later, want 1", n)
	}
	same(t, "what is believed", facts(), "150 0")
	same(t, "marks", dump(t, r.wh, `SELECT count(*) FROM etl.huawei_touched_day`), "0")
}
