package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/cookbook"
)

//go:embed sql/fill.sql
var fillSQL string

const (
	newestDay   = "2026-11-21"
	askedAt     = newestDay + "T20:00:00Z"
	cookbookDir = "docs/cookbook"
)

// baseline is what a question over all years costs without summaries: months and vendors from the rows of the fact. The others are
// told as parts of it.
const baseline = `
	SELECT date_trunc('month', f.date_key), v.vendor, sum(f.delivered) / nullif(sum(f.requested), 0)
	FROM sms.fact_delivery_daily AS f
	JOIN sms.dim_account         AS a USING (account_key)
	JOIN sms.dim_vendor          AS v USING (vendor_key)
	GROUP BY 1, 2`

// quick are the questions about a month or less, or by vendor, account and day: a tenth of a second, where others have a whole one.
var quick = []string{
	"account_day_by_day", "changed_since_last_report", "failure_rate_by_template", "is_last_month_final", "month_as_reported_then", "open_findings",
	"pending_now", "restated_days", "templates_that_got_worse", "unusual_days", "vendors_side_by_side", "week_over_week", "weekday_profile",
}

// rows are questions that no summary answers: they go through the rows of a month.
var rows = []cookbook.Query{
	{Name: "delivery_daily by template, a month of rows", SQL: `
		SELECT template, sum(delivered) / nullif(sum(requested), 0)
		FROM sms.delivery_daily WHERE send_date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY template`},
	{Name: "delivery_daily_as_of, a month of rows", SQL: `
		SELECT template, sum(delivered) / nullif(sum(requested), 0)
		FROM sms.delivery_daily_as_of('2026-11-16') WHERE send_date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY template`},
	{Name: "failure_daily_as_of, a month of rows", SQL: `
		SELECT category, sum(messages)
		FROM sms.failure_daily_as_of('2026-11-16') WHERE send_date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY category`},
}

// changes compare two periods: from summaries, and from a summary and the days at the edges of months.
var changes = []cookbook.Query{
	{Name: "rate_change by vendor, two years with the two before", SQL: `
		SELECT * FROM sms.rate_change('2024-11-20', '2026-11-19', '2022-11-20', '2024-11-19', 'vendor')`},
	{Name: "rate_change by template, a month with the one before", SQL: `
		SELECT * FROM sms.rate_change('2026-10-01', '2026-10-31', '2026-09-01', '2026-09-30', 'template')`},
	{Name: "rate_change by template, two years with the two before, months cut", SQL: `
		SELECT * FROM sms.rate_change('2024-11-20', '2026-11-19', '2022-11-20', '2024-11-19', 'template')`},
	{Name: "rate_change by label, a quarter with the one before", SQL: `
		SELECT * FROM sms.rate_change('2026-07-01', '2026-09-30', '2026-04-01', '2026-06-30', 'label')`},
	{Name: "rate_change by label, two years with the two before, months cut", SQL: `
		SELECT * FROM sms.rate_change('2024-11-20', '2026-11-19', '2022-11-20', '2024-11-19', 'label')`},
	{Name: "reason_change, two years with the two before", SQL: `
		SELECT * FROM sms.reason_change('2024-11-20', '2026-11-19', '2022-11-20', '2024-11-19')`},
}

// answered is how long a question takes, warm: medians.
type answered struct {
	name  string
	lines int
	spent // of the median round
	limit time.Duration
}

// spent is the time of the wall and of the processor that served it. A machine that others use too makes the first longer and not the
// second, so the second is held against the limit.
type spent struct {
	wall      time.Duration
	processor time.Duration
}

// asking is the questions with their answers' times.
type asking struct {
	baseline spent
	all      []answered
}

// questions fills a warehouse of years, asks it the questions of the cookbook as the role that analysts have, and looks at its pages.
func (b *bench) questions(ctx context.Context, r *report) error {
	queries, err := cookbook.Read(cookbookDir)
	if err != nil {
		return err
	}
	if err := b.fresh(ctx, ""); err != nil {
		return err
	}
	counts, err := b.fillYears(ctx)
	if err != nil {
		return err
	}
	analyst, err := b.analyst(ctx)
	if err != nil {
		return err
	}
	defer analyst.Close(context.WithoutCancel(ctx))
	q, rounds := asking{}, max(b.rounds, 5)
	if err := q.ask(ctx, analyst, slices.Concat(queries, rows, changes), rounds); err != nil {
		return err
	}
	r.addf("\n## Questions\n\n%d delivery rows, %d failure rows and %d rows of history over %d days, of three vendors and 24 accounts. Every question of the\n"+
		"[cookbook](cookbook/README.md) as `sms_analyst`, warm and without parallel workers, median of %d. The limit is 100 ms for what is asked\n"+
		"about a month or by account and day, else a second. The processor's time is held against it, since a machine may be shared: what others\n"+
		"do is in the time of the wall. x is the part of the baseline's processor time in the same rounds: months and vendors from the rows of\n"+
		"the fact, %.0f ms of the processor, %.0f of the wall.\n\n", counts[0], counts[1], counts[2], b.filled, rounds, ms(q.baseline.processor), ms(q.baseline.wall))
	q.report(r, counts[0])
	if err := b.configure("filled.yaml", b.http.URL, "sms_users: [harbor_1, harbor_2, harbor_3]"); err != nil {
		return err
	}
	// Explanations rest on answers, and these rows were made without: they are among the pages of what was loaded.
	return b.pages(ctx, r, shown{what: "the filled warehouse", config: "filled.yaml", now: askedAt, without: "/explain"})
}

// fillYears makes the rows inside the server, since what is measured is the asking, and counts deliveries, failures and history.
func (b *bench) fillYears(ctx context.Context) (counts [3]int64, err error) {
	started := time.Now()
	query := strings.NewReplacer("{days}", strconv.Itoa(b.filled), "{templates}", strconv.Itoa(b.templates), "{last}", newestDay).Replace(fillSQL)
	if _, err := b.conn.Exec(ctx, query, pgx.QueryExecModeSimpleProtocol); err != nil {
		return counts, fmt.Errorf("filling: %w", err)
	}
	if err := b.exec(ctx, "VACUUM ANALYZE", "CHECKPOINT"); err != nil {
		return counts, err
	}
	for i, table := range []string{"sms.fact_delivery_daily", "sms.fact_failure_daily", "etl.delivery_history"} {
		if counts[i], err = b.scalar(ctx, "SELECT count(*) FROM "+table); err != nil {
			return counts, err
		}
	}
	sayf("%d delivery and %d failure rows in %s", counts[0], counts[1], time.Since(started).Round(time.Second))
	return counts, nil
}

// analyst logs in as people do. The server is the bench's own.
func (b *bench) analyst(ctx context.Context) (*pgx.Conn, error) {
	if err := b.exec(ctx, "ALTER ROLE sms_analyst LOGIN PASSWORD 'bench'"); err != nil {
		return nil, err
	}
	u, err := url.Parse(b.url)
	if err != nil {
		return nil, err
	}
	u.User = url.UserPassword("sms_analyst", "bench")
	conn, err := pgx.Connect(ctx, u.String())
	if err == nil {
		// One process serves the session, so that its processor time is all of it.
		_, err = conn.Exec(ctx, "SELECT set_config('etl.now', '"+askedAt+"', false), set_config('max_parallel_workers_per_gather', '0', false)")
	}
	return conn, err
}

// ask asks every question once to warm up and then as often as there are rounds, each round all of them, so that a noisy moment
// hits one round of many questions and not all rounds of one.
func (q *asking) ask(ctx context.Context, conn *pgx.Conn, queries []cookbook.Query, rounds int) error {
	queries = append(slices.Clip(queries), cookbook.Query{Name: "baseline", SQL: baseline})
	walls, processors, lines := make([][]time.Duration, len(queries)), make([][]time.Duration, len(queries)), make([]int, len(queries))
	for round := range rounds + 1 {
		for i, query := range queries {
			served, started := servedBy(conn), time.Now()
			n, err := count(ctx, conn, query.SQL)
			if err != nil {
				return fmt.Errorf("%s: %w", query.Name, err)
			}
			if round > 0 {
				walls[i] = append(walls[i], time.Since(started))
				processors[i] = append(processors[i], servedBy(conn)-served)
			}
			lines[i] = n
		}
	}
	for i, query := range queries {
		one := answered{name: query.Name, lines: lines[i], spent: spent{median(walls[i]), median(processors[i])}}
		switch {
		case query.Name == "baseline":
			q.baseline = one.spent
			continue
		case slices.Contains(quick, query.Name):
			one.limit = 100 * time.Millisecond
		default:
			one.limit = time.Second
		}
		q.all = append(q.all, one)
	}
	return nil
}

// servedBy gives the time for which the session's process has had a processor, as Linux counts it.
func servedBy(conn *pgx.Conn) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", conn.PgConn().PID()))
	if err != nil {
		return 0
	}
	nanoseconds, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(nanoseconds, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n)
}

// count reads an answer to its end.
func count(ctx context.Context, conn *pgx.Conn, sql string) (n int, err error) {
	found, err := conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return 0, err
	}
	defer found.Close()
	for found.Next() {
		n++
	}
	return n, found.Err()
}

// report adds the questions, and one target for all: the time of each as a part of its limit.
func (q *asking) report(r *report, stored int64) {
	r.addf("| question | lines | ms of the processor | x | limit, ms | ms of the wall |\n|---|---|---|---|---|---|\n")
	slowest, part := "", 0.0
	for _, one := range q.all {
		held := one.processor
		if held == 0 {
			held = one.wall // not told by the system
		}
		if p := held.Seconds() / one.limit.Seconds(); p > part {
			slowest, part = one.name, p
		}
		outcome := "met"
		if held > one.limit {
			outcome = "not met"
		}
		r.addf("| %s | %d | %.1f | %.4f | %.0f, %s | %.1f |\n",
			one.name, one.lines, ms(one.processor), one.processor.Seconds()/q.baseline.processor.Seconds(), ms(one.limit), outcome, ms(one.wall))
	}
	r.addf("\nThe last nine are no questions of the cookbook: three that no summary answers, which go through the rows of a month, and six of two periods.\n")
	r.atMost(fmt.Sprintf("%d questions over %d rows; nearest to its limit: %s", len(q.all), stored, slowest), "%.2f x its limit", 1, part)
}
