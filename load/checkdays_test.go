package load_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/check"
	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

// While a day may still change, what is pending explains a difference, and no more than that.
func TestChecksTolerateWhatIsPending(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		plant func(h *history)
		harm  string
		want  []string
	}{
		{"accepted, within what is pending", func(h *history) { plus(&h.rows("03-31")[0].Pending, 50); plus(&h.rows("03-31")[0].Delivered, -100) }, "", []string{
			"error sent_reading sent 03-31..03-31 1 days, 1921/1971 messages: 2026-03-31: sent is 1971, requested 2010, processing_failed 39, delivered 1690, send_failed 181, pending 50: days on which sent is all that was handed on 89, what is still queued 0, neither 1",
		}},
		{"accepted, beyond it", func(h *history) { plus(&h.rows("03-31")[0].Pending, 50); plus(&h.rows("03-31")[0].Delivered, -101) }, "", []string{
			"error accepted_split accepted 03-31..03-31 1 days, 1971/1920 messages: 2026-03-31: accepted is 1971, while delivered 1689, send_failed 181, pending 50 and queued 0 make 1920",
			"error sent_reading sent 03-31..03-31 1 days, 1920/1971 messages: 2026-03-31: sent is 1971, requested 2010, processing_failed 39, delivered 1689, send_failed 181, pending 50: days on which sent is all that was handed on 89, what is still queued 0, neither 1",
		}},
		{"reasons, within what is pending", func(h *history) {
			plus(&h.rows("03-31")[0].Pending, 20)
			plus(&h.rows("03-31")[0].Delivered, -20)
			plus(&h.failuresOf("03-31", sms.Sending)[0].Messages, 20)
		}, "", nil},
		{"reasons, beyond it", func(h *history) { plus(&h.failuresOf("03-31", sms.Sending)[0].Messages, 20) }, "", []string{
			"warning failure_reasons sending 03-31..03-31 1 days, 181/201 messages: 2026-03-31: 181 failed in sending, while their reasons add up to 201",
		}},
		{"reasons of another hour", func(h *history) { plus(&h.failuresOf("03-31", sms.Sending)[0].Messages, 20) },
			`UPDATE etl.coverage SET confirmed_at = confirmed_at - interval '61 minutes' WHERE dataset = 'send_failed'`, nil},
		{"reasons of another hour, on a settled day", func(h *history) { plus(&h.failuresOf("03-10", sms.Sending)[0].Messages, 20) },
			`UPDATE etl.coverage SET confirmed_at = confirmed_at - interval '61 minutes' WHERE dataset = 'send_failed'`, []string{
				"warning failure_reasons sending 03-10..03-10 1 days, 168/188 messages: 2026-03-10: 168 failed in sending, while their reasons add up to 188",
			}},
		{"the delivery rate of a day that has not settled", func(h *history) {
			for _, d := range h.rows("03-31") {
				d.Pending, d.Delivered = d.Delivered, sms.Reported(0)
			}
		}, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			h := honest(marketing)
			test.plant(h)
			h.load(t, wh, "", "04-01 06:00")
			if _, err := wh.Pool().Exec(t.Context(), test.harm); err != nil {
				t.Fatal(err)
			}
			_, lines := runChecks(t, wh, "04-01 20:00", check.Options{})
			if d := cmp.Diff(test.want, lines); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

// Receipts of Tencent's two calls may differ for as long as the day moves.
func TestReceiptsOfADayThatMoves(t *testing.T) {
	t.Parallel()
	wh := open(t, app)
	h := honest(app)
	plus(&h.rows("03-31")[0].Delivered, -300)
	h.load(t, wh, "", "04-01 06:00")
	if _, lines := runChecks(t, wh, "04-01 20:00", check.Options{}); lines != nil {
		t.Error(strings.Join(lines, "\n"))
	}
}

// An odd day is a warning while somebody can ask about it, and then a note.
func TestOddDaysAreNewsForTwoWeeks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	h := honest(marketing)
	h.drop("03-10")
	h.load(t, wh, "", "04-01 06:00")
	for moment, want := range map[string]string{"04-01 20:00": "warning", "04-15 05:00": "warning", "04-15 07:00": "info"} {
		report, err := check.New(wh.DB).Check(t.Context(), at(moment), check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range report.Findings {
			if f.Check == "missing_weekday" {
				got = string(f.Severity)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %s", moment, got, want)
		}
	}
}

// So it is with a doubt that was overruled.
func TestOverruledDoubtsAreNewsForTwoWeeks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	batch := found(scope(marketing, "01-05", sms.StatsDay), "", "", 0)
	batch.Findings = []sms.Finding{{Check: "doubt_overruled", Subject: "stats_day 2026-01-05", Severity: sms.Warning, Day: day("01-05"), LastDay: day("01-05"), Detail: "x", Rows: 1}}
	put(t, wh, batch)
	for _, step := range []struct{ at, want string }{{"02-03 11:00", "warning"}, {"02-03 13:00", "info"}} {
		if _, err := check.New(wh.DB).Check(t.Context(), at(step.at), check.Options{}); err != nil {
			t.Fatal(err)
		}
		same(t, step.at, dump(t, wh, `SELECT severity FROM etl.finding WHERE check_name = 'doubt_overruled'`), step.want)
	}
}

// Days without an answer: missing, failed, lost, not refreshed, not believed.
func TestChecksOfTheLedger(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	h := honest(marketing)
	h.load(t, wh, "01-01..03-19", "04-01 06:00")
	h.load(t, wh, "03-22..03-31", "04-01 06:00")
	fail := func(dataset sms.Dataset, days, moment string, tries int) {
		t.Helper()
		s := scope(marketing, days, dataset)
		for range tries {
			id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at(moment)})
			if err == nil {
				err = wh.Fail(t.Context(), id, batchOf(answer{Scope: s}), "503", at(moment))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	fail(sms.SendFailed, "03-20", "04-01 06:00", 2)
	fail(sms.SendFailed, "03-31", "04-01 07:00", 3)
	fail(sms.ProcessFailed, "03-20", "04-01 06:00", 1)
	if _, err := wh.Pool().Exec(t.Context(), `UPDATE etl.coverage SET state = 'lost', since = '2026-04-01 06:00+00' WHERE dataset = 'process_failed' AND date_key = '2026-03-20'`); err != nil {
		t.Fatal(err)
	}
	if _, err := wh.Pool().Exec(t.Context(), `UPDATE etl.coverage SET confirmed_at = '2026-04-01 05:00+00' WHERE attempts = 3`); err != nil {
		t.Fatal(err)
	}
	put(t, wh, answerOf(scope(marketing, "03-11", sms.StatsDay), 5), now("04-01 06:00")) // nearly nothing
	refuse(t, wh, scope(marketing, "03-11", sms.StatsDay), sms.ForLoad, "no JSON")
	refuse(t, wh, scope(marketing, "03-11", sms.StatsDay), sms.ForSum, "asked wide")
	gaps := func(moment string) string {
		t.Helper()
		_, lines := runChecks(t, wh, moment, check.Options{})
		return strings.Join(lines, "\n")
	}
	same(t, "on the day", gaps("04-01 20:00"),
		"warning gap process_failed lost 03-20..03-20 1 days, -/- days: 2026-03-20: can no longer be asked for",
		"warning gap process_failed missing 03-21..03-21 1 days, -/- days: 2026-03-21: never loaded",
		"warning gap send_failed missing 03-21..03-21 1 days, -/- days: 2026-03-21: never loaded",
		"warning gap send_failed not refreshed 03-31..03-31 1 days, -/- days: 2026-03-31: still provisional, and 3 tries in vain since it was confirmed on 2026-04-01 05:00 UTC",
		"warning gap stats_day missing 03-20..03-21 2 days, -/- days: 2026-03-20, one of 2 days: never loaded",
		"info failed_loads process_failed 04-01..04-01 1 days, 0/1 loads: 2026-04-01: 1 loads of the day failed",
		"info failed_loads send_failed 04-01..04-01 1 days, 0/5 loads: 2026-04-01: 5 loads of the day failed",
		"info gap send_failed failed 03-20..03-20 1 days, -/- days: 2026-03-20: asked for in vain since 2026-04-01 06:00 UTC, 2 tries",
		"info quarantine stats_day 03-11..03-11 1 days, 1974/- messages: 2026-03-11: not believed since 2026-04-01 06:00 UTC, after 1 tries: the answer has 5 messages where 1974 are stored",
		"info refused_answers stats_day 04-01..04-01 1 days, 0/1 answers: 2026-04-01: 1 answers of the day were refused")
	next := gaps("04-02 07:00")
	for _, want := range []string{"warning gap send_failed failed 03-20..03-20 1 days", "warning quarantine stats_day 03-11..03-11 1 days", "warning gap process_failed lost "} {
		if !strings.Contains(next, want) {
			t.Errorf("the next day there is no %q:\n%s", want, next)
		}
	}
	later := gaps("04-20 07:00")
	for _, want := range []string{"warning gap stats_day missing 03-20..04-18 20 days", "info gap process_failed lost "} {
		if !strings.Contains(later, want) {
			t.Errorf("weeks later there is no %q:\n%s", want, later)
		}
	}
	if strings.Contains(later, "failed_loads") {
		t.Error("weeks later the failed loads are still news")
	}

	// Whatever is mended is closed.
	h.load(t, wh, "", "04-01 09:00")
	h.load(t, wh, "", "04-01 11:00")
	if _, lines := runChecks(t, wh, "04-01 20:00", check.Options{}); len(lines) != 3 || !strings.Contains(lines[0], "failed_loads") || !strings.Contains(lines[2], "refused_answers") {
		t.Errorf("after all is mended:\n%s", strings.Join(lines, "\n"))
	}
}

// refuse keeps an answer that was not understood, in a load that was called off after it.
func refuse(t testing.TB, wh *load.Warehouse, s sms.Scope, purpose sms.Purpose, why string) {
	t.Helper()
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("04-01 06:30")})
	if err == nil {
		err = raw.Keep(t.Context(), wh.DB, id, sms.Payload{
			Account: s.Account, Dataset: s.Datasets[0], Window: s.Window, FetchedAt: at("04-01 06:30"), Body: pack.Bytes([]byte("<html>")),
			Purpose: purpose, Refused: why,
		})
	}
	if err == nil {
		err = wh.Interrupt(t.Context(), id, "stopped")
	}
	if err != nil {
		t.Fatal(err)
	}
}
