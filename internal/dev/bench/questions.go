package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
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
	newestDay     = "2026-11-21"
	cookbookDir   = "docs/cookbook"
	questionsHead = "## Questions\n"
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

// questions are what the report tells of them.
type questions struct {
	deliveries, failures, history int64
	baseline                      spent
	all                           []answered
	rounds                        int
	server                        string
	took                          time.Duration
}

// measureQuestions fills a warehouse of years and asks it the questions of the cookbook, as the role that analysts have.
func measureQuestions(ctx context.Context, rounds, days, templates int, out string) error {
	started := time.Now()
	queries, err := cookbook.Read(cookbookDir)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "smsetl-bench-")
	if err != nil {
		return err
	}
	b := &bench{dir: dir}
	defer b.close(ctx)
	if err := os.Chmod(dir, 0o755); err != nil { // the server runs as another user
		return err
	}
	if err := b.startServer(ctx); err != nil {
		return err
	}
	q := questions{rounds: rounds, server: b.serverVersion}
	if err := b.fillYears(ctx, days, templates, &q); err != nil {
		return err
	}
	analyst, err := b.analyst(ctx)
	if err != nil {
		return err
	}
	defer analyst.Close(context.WithoutCancel(ctx))
	if err := q.ask(ctx, analyst, append(queries, rows...)); err != nil {
		return err
	}
	q.took = time.Since(started)
	fmt.Print(q.markdown())
	if out == "-" {
		return nil
	}
	return writeSection(out, q.markdown())
}

// fillYears makes the rows inside the server: what is measured is the asking.
func (b *bench) fillYears(ctx context.Context, days, templates int, q *questions) error {
	started := time.Now()
	query := strings.NewReplacer("{days}", strconv.Itoa(days), "{templates}", strconv.Itoa(templates), "{last}", newestDay).Replace(fillSQL)
	if _, err := b.conn.Exec(ctx, query, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("filling: %w", err)
	}
	if err := b.exec(ctx, "VACUUM ANALYZE", "CHECKPOINT"); err != nil {
		return err
	}
	for table, n := range map[string]*int64{"sms.fact_delivery_daily": &q.deliveries, "sms.fact_failure_daily": &q.failures, "etl.delivery_history": &q.history} {
		var err error
		if *n, err = b.scalar(ctx, "SELECT count(*) FROM "+table); err != nil {
			return err
		}
	}
	sayf("%d delivery and %d failure rows in %s", q.deliveries, q.failures, time.Since(started).Round(time.Second))
	return nil
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
		_, err = conn.Exec(ctx, "SELECT set_config('etl.now', '"+newestDay+"T20:00:00Z', false), set_config('max_parallel_workers_per_gather', '0', false)")
	}
	return conn, err
}

// ask asks every question once to warm up and then as often as there are rounds, each round all of them, so that a noisy moment
// hits one round of many questions and not all rounds of one.
func (q *questions) ask(ctx context.Context, conn *pgx.Conn, queries []cookbook.Query) error {
	queries = append(slices.Clip(queries), cookbook.Query{Name: "baseline", SQL: baseline})
	walls, processors, lines := make([][]time.Duration, len(queries)), make([][]time.Duration, len(queries)), make([]int, len(queries))
	for round := range q.rounds + 1 {
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

func (q *questions) markdown() string {
	var w strings.Builder
	w.WriteString(questionsHead)
	fmt.Fprintf(&w, "\nMade by `make questions`. %d delivery rows, %d failure rows and %d rows of history over five years, of three vendors and 24\n"+
		"accounts, on PostgreSQL %s, %d cores, the settings above. Every question of the [cookbook](cookbook/README.md) as `sms_analyst`, warm and\n"+
		"without parallel workers, median of %d; filling included the whole took %s. The limit is 100 ms for what is asked about a month or by\n"+
		"account and day, else a second. The processor's time is held against it, since a machine may be shared: what others do is in the time of\n"+
		"the wall. x is the part of the baseline's processor time in the same rounds: months and vendors from the rows of the fact, %.0f ms of the\n"+
		"processor, %.0f of the wall.\n\n",
		q.deliveries, q.failures, q.history, q.server, runtime.NumCPU(), q.rounds, q.took.Round(time.Second), ms(q.baseline.processor), ms(q.baseline.wall))
	w.WriteString("| question | lines | ms of the processor | x | limit, ms | ms of the wall |\n|---|---|---|---|---|---|\n")
	for _, one := range q.all {
		outcome := "met"
		if one.processor > one.limit || one.processor == 0 && one.wall > one.limit {
			outcome = "missed"
		}
		fmt.Fprintf(&w, "| %s | %d | %.1f | %.4f | %.0f, %s | %.1f |\n",
			one.name, one.lines, ms(one.processor), one.processor.Seconds()/q.baseline.processor.Seconds(), ms(one.limit), outcome, ms(one.wall))
	}
	w.WriteString("\nThe last three are no questions of the cookbook: no summary answers them, and they go through the rows of a month.\n")
	return w.String()
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// section gives the part of the page about questions, which the other measurements keep; "" where there is none.
func section(path string) string {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return ""
	}
	if at := strings.Index(string(text), questionsHead); at >= 0 {
		return "\n" + string(text)[at:]
	}
	return ""
}

// writeSection puts the part into the page, in place of the one that is there.
func writeSection(path, part string) error {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err
	}
	before, _, _ := strings.Cut(string(text), questionsHead)
	return os.WriteFile(path, []byte(strings.TrimRight(before, "\n")+"\n\n"+part), 0o644)
}
