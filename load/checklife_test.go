package load_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"smsetl/check"
	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/sms"
)

// life is what becomes of a finding.
const life = `
	SELECT check_name, subject, to_char(day, 'MM-DD'), to_char(last_day, 'MM-DD'), days, size::text, past::text, trend, times_seen, times_opened,
	       to_char(opened_at AT TIME ZONE 'UTC', 'MM-DD HH24'), to_char(closed_at AT TIME ZONE 'UTC', 'MM-DD HH24')
	FROM etl.finding
	WHERE check_name <> 'sent_reading'
	ORDER BY check_name, subject`

// A finding opens, grows, shrinks, closes itself when the vendor corrects the day, and comes back when the defect does.
func TestFindingsOfChecks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	h := honest(marketing)
	step := func(what, at string, wrong int64, days string, counters [3]int, want string) {
		t.Helper()
		for _, d := range h.rows(days) {
			plus(&d.Accepted, wrong)
			plus(&d.VendorSent, wrong)
			plus(&d.Pending, wrong) // accepted_split holds, and the day is not settled for a while
		}
		h.load(t, wh, "", at+":00")
		report, _ := runChecks(t, wh, at+":30", check.Options{})
		same(t, what, dump(t, wh, life), want)
		if got := [3]int{report.Opened, report.Reopened, report.Closed}; got != counters {
			t.Errorf("%s: opened, reopened, closed %v, want %v", what, got, counters)
		}
	}
	// Opened counts the evidence about `sent`, too.
	step("opened", "04-01 06", 2, "03-10", [3]int{2, 0, 0}, "requested_split requested 03-10 03-10 1 6 {} new 1 1 04-01 06 -")
	step("the same", "04-01 07", 0, "03-10", [3]int{0, 0, 0}, "requested_split requested 03-10 03-10 1 6 {} new 2 1 04-01 06 -")
	step("more", "04-01 08", 1, "03-09..03-10", [3]int{0, 0, 0}, "requested_split requested 03-09 03-10 2 12 {6} growing 3 1 04-01 06 -")
	step("less", "04-01 09", -2, "03-10", [3]int{0, 0, 0}, "requested_split requested 03-09 03-10 2 6 {6,12} shrinking 4 1 04-01 06 -")
	step("corrected", "04-01 10", -1, "03-09..03-10", [3]int{0, 0, 1}, "requested_split requested 03-09 03-10 2 6 {6,12} shrinking 4 1 04-01 06 04-01 10")
	step("still", "04-01 11", 0, "03-09", [3]int{0, 0, 0}, "requested_split requested 03-09 03-10 2 6 {6,12} shrinking 4 1 04-01 06 04-01 10")
	step("back", "04-01 12", 5, "03-12", [3]int{0, 1, 0}, "requested_split requested 03-12 03-12 1 15 {} new 1 2 04-01 12 -")
}

// An error stays in sight however old it is, and evidence does not; only what was looked at is closed.
func TestSightOfChecks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	h, theirs := honest(marketing), honest(app)
	plus(&h.rows("01-15")[0].Accepted, 2)
	h.times("03-10", 5)
	plus(&theirs.rows("03-20")[0].ProcessingFailed, 1)
	h.load(t, wh, "", "04-01 06:00")
	theirs.load(t, wh, "", "04-01 06:00")
	names := func(options check.Options) string {
		t.Helper()
		report, err := check.New(wh.DB).Check(t.Context(), at("04-01 20:00"), options)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range report.Findings {
			if f.Severity != sms.Info || f.Check == "volume_jump" {
				all = append(all, fmt.Sprintf("%s/%s", f.Account.Vendor, f.Check))
			}
		}
		return strings.Join(all, " ")
	}
	for _, step := range []struct {
		what    string
		options check.Options
		want    string
	}{
		{"two weeks", check.Options{Days: 14}, "tencent/requested_split"},
		{"a month of one account", check.Options{Days: 30, Accounts: []sms.Account{marketing}}, "engagelab/volume_jump"},
		{"everything", check.Options{All: true}, "engagelab/accepted_split tencent/requested_split"},
		{"two weeks again", check.Options{Days: 14}, "engagelab/accepted_split tencent/requested_split"},
	} {
		got := names(step.options)
		for want := range strings.FieldsSeq(step.want) {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", step.what, got, step.want)
			}
		}
		if step.what == "two weeks again" && strings.Contains(got, "volume_jump") {
			t.Errorf("%s: evidence out of sight is still open: %s", step.what, got)
		}
	}
	plus(&theirs.rows("03-20")[0].ProcessingFailed, -1)
	theirs.load(t, wh, "", "04-01 07:00")
	if got := names(check.Options{Accounts: []sms.Account{marketing}}); strings.Contains(got, "tencent") {
		t.Errorf("the other account's findings are shown: %s", got)
	}
	same(t, "the other account's finding", dump(t, wh, `SELECT closed_at IS NULL FROM etl.finding WHERE check_name = 'requested_split' AND subject = 'requested' ORDER BY account_key DESC LIMIT 1`), "true")
	if got := names(check.Options{}); strings.Contains(got, "tencent") {
		t.Errorf("a finding stayed: %s", got)
	}
}

// Checks at the same time, while loads write findings, neither fail nor count twice.
func TestChecksAtOnce(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	h := honest(marketing)
	plus(&h.rows("03-10")[0].ProcessingFailed, 7)
	h.failuresOf("03-10", sms.Sending)[1].Reason = strange
	h.load(t, wh, "", "04-01 06:00")
	batch := found(scope(marketing, "03-31", sms.StatsDay), "carrier", "03-31", 1)
	batch.Deliveries = nil
	for _, d := range h.rows("03-31") {
		batch.Deliveries = append(batch.Deliveries, *d)
	}
	batch.Findings = append(batch.Findings, sms.Finding{Check: "unmapped_reason", Subject: "solar_storm", Severity: sms.Warning, Day: day("03-31"), LastDay: day("03-31"), Detail: "x", Rows: 1})
	var both errgroup.Group
	const checks, loads = 6, 6
	for range checks {
		both.Go(func() error {
			_, err := check.New(wh.DB).Check(t.Context(), at("04-01 20:00"), check.Options{})
			return err
		})
	}
	both.Go(func() error {
		for range loads {
			if _, err := tryPut(t.Context(), wh, batch, now("04-01 07:00")); err != nil {
				return err
			}
		}
		return nil
	})
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	same(t, "findings", dump(t, wh, `
		SELECT check_name, CASE WHEN source = 'check' AND check_name <> 'unmapped_reason' THEN times_seen END, times_opened, closed_at IS NULL
		FROM etl.finding WHERE source = 'check' OR closed_at IS NULL ORDER BY check_name`),
		fmt.Sprintf("failure_reasons %d 1 true", checks), fmt.Sprintf("requested_split %d 1 true", checks), fmt.Sprintf("sent_reading %d 1 true", checks),
		"unknown_field - 1 true", "unmapped_reason - 1 true")
}

// A check reads after the one before has written: what that one opened would be closed by an older look.
func TestChecksWaitForEachOther(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	tx, err := wh.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if err := db.Turn(t.Context(), tx, "check"); err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		_, err := check.New(wh.DB).Check(t.Context(), at("04-01 20:00"), check.Options{})
		second <- err
	}()
	for dump(t, wh, waiting) != "1" {
		select {
		case err := <-second:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// What somebody wrote by hand into facts or summaries shows, whatever the answers said.
func TestChecksOfTables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, harm, want string }{
		{"a row is gone", `DELETE FROM sms.fact_failure_daily WHERE date_key = '2026-03-10' AND reason_key = (SELECT reason_key FROM sms.dim_failure_reason WHERE code = 'global_block')
			AND template_key = (SELECT template_key FROM sms.dim_template WHERE code = 'b')`,
			"error ledger_differs process_failed 03-10..03-10 1 days, 3/2 rows: "},
		{"a number of the same size moved", `UPDATE sms.fact_delivery_daily SET delivered = delivered + 1, send_failed = send_failed - 1 WHERE date_key = '2026-03-10'`,
			"error ledger_differs stats_day 03-10..03-10 1 days, 3/3 rows: "},
		{"a template that is not there", `UPDATE sms.fact_delivery_daily SET template_key = 9999 WHERE date_key = '2026-03-10'
			AND requested = (SELECT max(requested) FROM sms.fact_delivery_daily WHERE date_key = '2026-03-10')`,
			"error unknown_keys template 03-10..03-10 1 days, 0/"},
		{"a reason that is not there", `UPDATE sms.fact_failure_daily SET reason_key = 9999 WHERE date_key = '2026-03-10'
			AND reason_key = (SELECT min(reason_key) FROM sms.fact_failure_daily WHERE date_key = '2026-03-10')`,
			"error unknown_keys reason 03-10..03-10 1 days, 0/"},
		{"the summary lost a message", `UPDATE sms.delivery_by_day SET requested = requested - 1, accepted = accepted - 1, vendor_sent = vendor_sent - 1 WHERE date_key = '2026-03-10'`,
			"error summary_differs delivery_by_day 03-10..03-10 1 days, 1863/1862 messages: "},
		{"the summary lost a day", `DELETE FROM sms.delivery_by_day WHERE date_key = '2026-03-10'`,
			"error summary_differs delivery_by_day 03-10..03-10 1 days, 1863/- messages: "},
		{"the months lost a template", `DELETE FROM sms.delivery_by_month_template WHERE month_start = '2026-02-01' AND row_count = 28 AND requested < 12000`,
			"error summary_differs delivery_by_month_template 02-01..02-01 1 days, "},
		{"the months lost a label", `DELETE FROM sms.delivery_by_month_label WHERE month_start = '2026-02-01' AND label_key = (SELECT max(label_key) FROM sms.delivery_by_month_label)`,
			"error summary_differs delivery_by_month_label 02-01..02-01 1 days, "},
		{"the summary of failures lost a message", `UPDATE sms.failure_by_day SET messages = messages - 1 WHERE date_key = '2026-03-10' AND reason_key = (SELECT reason_key FROM sms.dim_failure_reason WHERE code = 'global_block')`,
			"error summary_differs failure_by_day 03-10..03-10 1 days, "},
		{"a month of the ledger lost a final day", `UPDATE etl.coverage_by_month SET final = final - 1 WHERE month_start = '2026-03-01' AND dataset = 'stats_day'`,
			"error summary_differs coverage_by_month 03-01..03-01 1 days, "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			told := honest(marketing)
			wh := openIn(t, pgtest.Prepared(t, "honest", func(url string) {
				wh := openIn(t, url, marketing)
				told.load(t, wh, "", "04-01 06:00")
				wh.Close()
			}))
			changed, err := wh.Pool().Exec(t.Context(), test.harm)
			if err != nil || changed.RowsAffected() == 0 {
				t.Fatal("no harm done", err)
			}
			if _, quick := runChecks(t, wh, "04-01 19:45", check.Options{Quick: true}); strings.Contains(strings.Join(quick, "\n"), test.want) {
				t.Errorf("a quick check looked there:\n%s", strings.Join(quick, "\n"))
			}
			_, lines := runChecks(t, wh, "04-01 20:00", check.Options{})
			if !strings.Contains("\n"+strings.Join(lines, "\n"), "\n"+test.want) {
				t.Errorf("%s\nlacks %s", strings.Join(lines, "\n"), test.want)
			}

			// A quick check does not look there, and therefore closes nothing of it.
			if _, quick := runChecks(t, wh, "04-01 20:15", check.Options{Quick: true}); !slices.Equal(quick, lines) {
				t.Errorf("after a quick check:\n%s", strings.Join(quick, "\n"))
			}

			// A replay mends it.
			rebuild(t, wh, told.answer(wh, ""), func(r *load.Replay) { r.AnsweredBy = 1 })
			if _, lines := runChecks(t, wh, "04-01 21:00", check.Options{}); strings.Contains(strings.Join(lines, "\n"), strings.Fields(test.want)[1]) {
				t.Errorf("after a replay:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}

// The page names every check, and no other.
func TestChecksAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range check.Rules() {
		for _, want := range []string{"| `" + rule.Name + "` |", rule.Tolerance} {
			if !strings.Contains(string(page), want) {
				t.Errorf("docs/checks.md does not say %q of %s", want, rule.Name)
			}
		}
	}
}
