package messages_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/belief"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/internal/pack"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
)

func TestMain(m *testing.M) {
	long.Checks(20) // each of them loads into a database
	os.Exit(m.Run())
}

var (
	shop   = sms.Account{Vendor: sms.Huawei, ID: "shop"}
	theDay = sms.Date(2026, 1, 5)
	ana    = ledger.Operator{Who: "ana", Reason: "the vendor counts twice", Now: at("01-06 12:00")}
)

// How days and times are written here.
var at = smstest.At

// drawExported draws a row of an export, of few messages and moments, so that there are many of each.
func drawExported(t *rapid.T) sms.Message {
	hour := func(name string, most int) time.Time {
		return theDay.UTC().Add(time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Hour)
	}
	key := func(name string) sms.Key {
		return rapid.SampledFrom([]sms.Key{sms.None, sms.NotReported, sms.Named("(none)"), sms.Named("a"), sms.Named("海")}).Draw(t, name)
	}
	m := sms.Message{
		Account: shop, ID: rapid.SampledFrom([]string{"m", "n"}).Draw(t, "id"), Origin: sms.FromExport,
		Piece: rapid.IntRange(0, 2).Draw(t, "piece"), SentAt: hour("sent", 3), SeenAt: hour("seen", 90),
		Grain: sms.Grain{Day: theDay, Template: key("template"), Label: key("label"), MessageType: sms.None, Country: sms.Unknown},
	}
	m.Pieces = rapid.IntRange(m.Piece, 2).Draw(t, "pieces")
	if rapid.Bool().Draw(t, "reported") {
		m.ReportedAt = hour("reported at", 2)
	}
	if n := rapid.IntRange(-1, 2).Draw(t, "charged"); n >= 0 {
		m.Charged = sms.Reported(int64(n))
	}
	m.Source = rapid.SampledFrom([]sms.StatusSource{0, 2}).Draw(t, "source")
	m.Outcome = rapid.SampledFrom([]sms.Outcome{sms.OutcomePending, sms.OutcomeDelivered, sms.OutcomeSendFailed}).Draw(t, "outcome")
	switch m.Outcome {
	case sms.OutcomeDelivered:
		m.Code = "DELIVRD"
	case sms.OutcomeSendFailed:
		m.Code = rapid.SampledFrom([]string{"UNDELIV", "BLACK"}).Draw(t, "code")
	default:
	}
	return m
}

// facts gives rows as texts.
func facts(deliveries []sms.Delivery, failures []sms.Failure) (all []string) {
	for _, d := range deliveries {
		all = append(all, fmt.Sprintf("%v %v %v %v", d.Day, d.Template, d.Label, d.Measures))
	}
	for _, f := range failures {
		all = append(all, fmt.Sprintf("%v %v %v %v %v", f.Day, f.Template, f.Label, *f.Reason, f.Messages))
	}
	return all
}

// reported is a warehouse that gets exports and pushes of one day, and what they say of its messages.
type reported struct {
	wh       *load.Warehouse
	scope    sms.Scope
	now      time.Time
	forms    map[sms.Hash][]sms.Message // of files and pushes
	observed []sms.Message
	facts    []string // of the last counting
	fail     func(args ...any)
}

func (r *reported) options() load.PutOptions {
	settings := belief.Default
	settings.ConfirmAfter = time.Hour
	return load.PutOptions{Now: r.now, Rules: belief.New(settings), ConfirmAfter: settings.ConfirmAfter, TransformVersion: 1}
}

// form stands for the stored form of messages.
func (r *reported) form(all []sms.Message) sms.Body {
	body := pack.Bytes(fmt.Appendf(nil, "form %d %v", len(r.forms), r.now))
	for i := range all {
		all[i].Position = int64(i)
		if all[i].Outcome == sms.OutcomeSendFailed {
			all[i].Reason = reasons[all[i].Code]
		}
	}
	r.forms[body.Hash] = all
	r.observed = append(r.observed, all...)
	return body
}

var reasons = map[string]*sms.Reason{
	"UNDELIV": {Code: "UNDELIV", Stage: sms.Sending, Category: sms.Unreachable},
	"BLACK":   {Code: "BLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
}

func (r *reported) read(p *sms.Payload, each func(*sms.Message) error) (rejected int64, err error) {
	for _, m := range r.forms[p.Body.Hash] {
		if err := each(&m); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (r *reported) counting(ctx context.Context, o *messages.Observations) (messages.Counted, error) {
	basis := transform.MessageBasis{
		Account: shop, Listened: o.Listened,
		Payloads: func(day sms.Day, each func(*sms.Payload, bool) error) error {
			return o.Payloads(ctx, shop.Zone, day, each)
		},
		Reports: func(ids []string, each func(*sms.Payload) error) error { return o.Reports(ctx, ids, each) },
		Read: func(_ transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error) {
			_, err := r.read(p, each)
			return transform.Reading{}, err
		},
	}
	c, err := basis.Count([]sms.Day{theDay}, func(sms.Day) bool { return true })
	if err != nil {
		return messages.Counted{}, err
	}
	r.facts = facts(c.Facts.AllDeliveries(), c.Facts.AllFailures())
	return messages.Counted{Facts: c.Facts, Messages: c.New, Changed: c.Changed}, nil
}

// load begins and puts an import; without messages it counts anew.
func (r *reported) load(rows []sms.Message, exports ...messages.Export) messages.Imported {
	ctx := context.Background()
	loadID, err := r.wh.Begin(ctx, load.Start{Scope: r.scope, Now: r.now})
	if err != nil {
		r.fail(err)
	}
	if rows != nil {
		err := raw.Keep(ctx, r.wh.DB, loadID, sms.Payload{
			Account: shop, Dataset: sms.SendingDetails, Window: r.scope.Window, FetchedAt: r.now, Body: r.form(rows),
		})
		if err != nil {
			r.fail(err)
		}
	}
	done, err := messages.Import{LoadID: loadID, Scope: r.scope, Exports: exports, Count: r.counting}.Put(ctx, r.wh, r.options())
	if err != nil {
		r.fail(err)
	}
	return done
}

// push keeps reports as one body.
func (r *reported) push(reports []sms.Message) {
	_, err := messages.Pushes{DB: r.wh.DB}.Keep(context.Background(), messages.Push{Source: "main", Body: r.form(reports), Reports: int64(len(reports)), ReceivedAt: r.now})
	if err != nil {
		r.fail(err)
	}
}

// find gives the days of messages that a file has rows of.
func (r *reported) find(p *sms.Payload, ids map[string]bool, each func(string, sms.Day)) error {
	_, err := r.read(p, func(m *sms.Message) error {
		if ids[m.ID] {
			each(m.ID, m.Day)
		}
		return nil
	})
	return err
}

// count takes in what was pushed and counts the days that are due.
func (r *reported) count() (counted int) {
	ctx := context.Background()
	for {
		done, err := messages.Merge{Source: "main", Now: r.now, Read: r.read, Find: r.find}.Run(ctx, r.wh.DB)
		if err != nil {
			r.fail(err)
		}
		if done.Pushes == 0 {
			break
		}
	}
	due, err := messages.DueDays(ctx, r.wh.DB, "main", r.now)
	if err != nil {
		r.fail(err)
	}
	for range due[shop] {
		r.load(nil)
		counted++
	}
	return counted
}

func newReported(t *testing.T) *reported {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	if err := wh.Account(t.Context(), "main", shop); err != nil {
		t.Fatal(err)
	}
	scope := sms.Scope{Account: shop, Datasets: wh.Datasets(shop.Vendor), Window: sms.OneDay(theDay, shop.Zone)}
	return &reported{wh: wh, scope: scope, now: at("01-20 12:00"), fail: t.Fatal}
}

func (r *reported) forget(ctx context.Context) {
	_, err := r.wh.Pool().Exec(ctx, `TRUNCATE etl.fetch, etl.huawei_report, etl.huawei_push, etl.huawei_touched_day`)
	if err != nil {
		r.fail(err)
	}
	r.forms, r.observed, r.facts = map[sms.Hash][]sms.Message{}, nil, nil
}

// drawReport draws a pushed report of the messages that drawExported draws.
func drawReport(t *rapid.T) sms.Message {
	m := drawExported(t)
	return sms.Message{
		Account: sms.Account{Vendor: sms.Huawei}, ID: m.ID, Piece: max(m.Piece, 1), Pieces: m.Pieces, Outcome: m.Outcome, Code: m.Code, Source: m.Source,
		ReportedAt: m.ReportedAt, SeenAt: m.SeenAt, Origin: sms.FromPush, IsHint: rapid.Bool().Draw(t, "is hint"),
	}
}

// knownFacts gives the facts that transform.Known makes of rows and reports.
func knownFacts(all []sms.Message) ([]string, map[string]sms.Message) {
	known, settled := map[string]*transform.Known{}, map[string]sms.Message{}
	for i := range all {
		m := all[i]
		if known[m.ID] == nil {
			known[m.ID] = new(transform.Known)
		}
		known[m.ID].Observe(&m)
	}
	var daily transform.Daily
	for id, k := range known {
		if m, ok := k.Settle(time.Time{}); ok {
			daily.Add(&m)
			settled[id] = m
		}
	}
	var rows sms.Rows
	daily.AddFacts(shop, &rows)
	return facts(rows.AllDeliveries(), rows.AllFailures()), settled
}

// However exports and pushes come, mixed, before or after each other, the facts are those of transform.Known; and hints leave every
// message alone that has a confirmed result.
func TestReportsMergeAsKnown(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	whole := messages.Export{Name: "whole", MadeAt: at("01-10 00:00"), Covers: sms.Span{From: theDay.UTC(), To: (theDay + 1).UTC()}}
	rapid.Check(t, func(t *rapid.T) {
		r.fail = t.Fatal
		r.forget(context.Background())
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				r.load(rapid.SliceOfN(rapid.Custom(drawExported), 1, 4).Draw(t, "rows"), whole)
			case 1:
				r.push(rapid.SliceOfN(rapid.Custom(drawReport), 1, 4).Draw(t, "reports"))
			default:
				r.count()
			}
		}
		r.load([]sms.Message{}, whole)
		r.count()
		want, all := knownFacts(r.observed)
		if diff := cmp.Diff(want, r.facts); diff != "" {
			t.Fatalf("(-known +counted):\n%s", diff)
		}
		var confirmed []sms.Message
		for _, m := range r.observed {
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
		Grain: sms.Grain{Day: theDay, Template: sms.Named(id), Label: sms.None, MessageType: sms.None, Country: sms.Unknown},
	}
}

// listen listens without a break from one time to another.
func (r *reported) listen(from, to time.Time) {
	for at := from; !at.After(to); at = at.Add(10 * time.Minute) {
		if err := (messages.Pushes{DB: r.wh.DB}).Listening(context.Background(), "main", at); err != nil {
			r.fail(err)
		}
	}
}

// wholeDay is an export of all of the day.
func wholeDay(madeAt time.Time) messages.Export {
	return messages.Export{Name: "whole", MadeAt: madeAt, Covers: sms.Span{From: theDay.UTC(), To: (theDay + 1).UTC()}}
}

// A message without a report is EXPIRED when its 72 hours are over, if pushes were listened for all that time, and only then.
func TestSilenceIsBelievedWhereSomebodyListened(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.forget(t.Context())
	start := theDay.UTC()
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
		n, err := messages.MarkExpired(t.Context(), r.wh.DB, "main", now, transform.PendingFor)
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
	pgtest.Holds(t, r.wh.DB, "facts", `
		SELECT t.code, f.pending, f.send_failed
		FROM sms.fact_delivery_daily AS f
		JOIN sms.dim_template        AS t USING (template_key)
		ORDER BY 1`, "broken 1 0", "silent 0 1", "unheard 1 0")
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
	start := theDay.UTC()
	r.now = at("01-06 12:00")
	r.load([]sms.Message{pendingMessage("m", start.Add(9*time.Hour), start.Add(30*time.Hour))}, wholeDay(start.Add(30*time.Hour)))
	if _, err := ledger.Freeze(t.Context(), r.wh.DB, r.scope, ana); err != nil {
		t.Fatal(err)
	}
	r.push([]sms.Message{report("m", sms.OutcomeDelivered, "DELIVRD", start.Add(40*time.Hour))})
	r.push([]sms.Message{report("nobody's", sms.OutcomeDelivered, "DELIVRD", start.Add(40*time.Hour))})
	if n := r.count(); n != 0 {
		t.Errorf("%d frozen days were counted", n)
	}
	if _, err := ledger.Unfreeze(t.Context(), r.wh.DB, r.scope, ana); err != nil {
		t.Fatal(err)
	}
	if n := r.count(); n != 1 {
		t.Errorf("%d days were counted after the thaw, want 1", n)
	}
	pgtest.Holds(t, r.wh.DB, "facts", `SELECT delivered, pending FROM sms.fact_delivery_daily`, "1 0")
	pgtest.Holds(t, r.wh.DB, "reports", `SELECT message_id, is_waiting FROM etl.huawei_report ORDER BY 1`, "m false", "nobody's true")

	if n, err := messages.PruneReports(t.Context(), r.wh.DB, "main", r.now); err != nil || n != 0 {
		t.Errorf("%d young reports were thrown away: %v", n, err)
	}
	n, err := messages.PruneReports(t.Context(), r.wh.DB, "main", r.now.Add(time.Hour))
	if err != nil || n != 2 {
		t.Errorf("%d reports were thrown away, want 2: %v", n, err)
	}
	pgtest.Holds(t, r.wh.DB, "what is left", `
		SELECT p.is_settled, r.packed IS NOT NULL
		FROM etl.huawei_push AS p JOIN etl.raw AS r USING (hash)`, "true true")
	pgtest.Holds(t, r.wh.DB, "bytes", `SELECT count(*) FROM etl.raw WHERE packed IS NOT NULL AND hash NOT IN (SELECT hash FROM etl.fetch)`, "1")
	if n, err := messages.PruneReports(t.Context(), r.wh.DB, "main", r.now.Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("once more: %d %v", n, err)
	}
}

// A day that reports would turn upside down is doubted like any other, and believed when it says the same an hour later, without a new
// push.
func TestReportsAreDoubtedToo(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.forget(t.Context())
	start := theDay.UTC()
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
	const facts = `SELECT delivered, send_failed FROM sms.fact_delivery_daily`
	pgtest.Holds(t, r.wh.DB, "what is doubted", facts, "0 150")
	if n := r.count(); n != 0 {
		t.Errorf("%d days were counted before a second answer could be believed", n)
	}
	r.now = at("01-20 13:01")
	if n := r.count(); n != 1 {
		t.Errorf("%d days were counted an hour later, want 1", n)
	}
	pgtest.Holds(t, r.wh.DB, "what is believed", facts, "150 0")
	pgtest.Holds(t, r.wh.DB, "marks", `SELECT count(*) FROM etl.huawei_touched_day`, "0")
}
