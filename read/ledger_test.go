package read_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"smsetl/internal/db"
	"smsetl/read"
	"smsetl/sms"
)

// ledgerToday is the day that is not over, in the zone of all accounts.
var ledgerToday = sms.Date(2024, time.April, 10)

const ledgerAccounts = `
	INSERT INTO sms.dim_account (vendor_key, account, zone, source)
	SELECT v.vendor_key, x.account, '+08:00', x.source
	FROM (VALUES ('engagelab', 'one', 'a'), ('engagelab', 'two', 'a'), ('tencent', 'three', 'b'), ('huawei', 'four', 'c')) AS x (vendor, account, source)
	JOIN sms.dim_vendor AS v USING (vendor);
	INSERT INTO etl.load (account_key, datasets, window_from, window_to, zone, started_at)
	SELECT account_key, '{}', '2024-01-01', '2024-01-02', zone, now() FROM sms.dim_account`

// ledger is a ledger that is written and looked at.
type ledger struct {
	*rapid.T

	conn  *pgx.Conn
	model *read.Model
}

func (l ledger) exec(sql string, arguments ...any) {
	if _, err := l.conn.Exec(context.Background(), sql, arguments...); err != nil {
		l.Fatalf("%s: %v", sql, err)
	}
}

// expect draws which days each account has to have.
func (l ledger) expect() {
	l.exec(`DELETE FROM etl.expectation`)
	for account := int32(1); account <= 4; account++ {
		var start *sms.Day
		var days, retention *int32
		if rapid.Bool().Draw(l.T, "starts") {
			start = new(ledgerToday - sms.Day(rapid.Int32Range(-3, 80).Draw(l.T, "start")))
		} else {
			days = new(rapid.Int32Range(0, 80).Draw(l.T, "days"))
		}
		if rapid.Bool().Draw(l.T, "forgets") {
			retention = new(rapid.Int32Range(1, 60).Draw(l.T, "retention"))
		}
		if rapid.IntRange(0, 4).Draw(l.T, "is configured") > 0 {
			l.exec(`INSERT INTO etl.expectation SELECT account_key, $2, $3, 4, $4 FROM sms.dim_account WHERE account = (ARRAY['one', 'two', 'three', 'four'])[$1]`, account, start, days, retention)
		}
	}
}

// write puts a stretch of days of a dataset into one state, or takes their lines away.
func (l ledger) write() {
	first := ledgerToday - sms.Day(rapid.Int32Range(-2, 90).Draw(l.T, "first"))
	last := first + sms.Day(rapid.OneOf(rapid.Just(int32(0)), rapid.Int32Range(0, 90)).Draw(l.T, "length")) // one day of a month, or months
	state := rapid.SampledFrom([]string{"", "final", "final", "final", "empty", "provisional", "failed", "quarantined", "lost", "unverified", "frozen"}).Draw(l.T, "state")
	if state == "final" || state == "empty" { // of a day that is over
		first, last = min(first, ledgerToday-1), min(last, ledgerToday-1)
	}
	dataset := rapid.SampledFrom([]string{"stats_day", "process_failed", "SendStatusStatistics", "report"}).Draw(l.T, "dataset")
	const days = `
		FROM etl.dataset AS d
		JOIN sms.dim_account AS a USING (vendor_key), generate_series($2::date, $3::date, interval '1 day') AS g (day)
		WHERE d.dataset LIKE $1 || '%' AND a.account <> 'two'`
	if state == "" {
		l.exec(`DELETE FROM etl.coverage AS c USING (SELECT a.account_key, d.dataset, g.day::date AS day `+days+`) AS x
			WHERE c.account_key = x.account_key AND c.dataset = x.dataset AND c.date_key = x.day`, dataset, first.String(), last.String())
		return
	}
	l.exec(`INSERT INTO etl.coverage AS c (account_key, dataset, date_key, state, row_count, load_id, loaded_at, confirmed_at, since, was_state, was_reason)
		SELECT a.account_key, d.dataset, g.day, $4, CASE WHEN $5 THEN 3 ELSE 0 END, (SELECT max(load_id) FROM etl.load),
		       CASE WHEN $5 OR $4 IN ('provisional', 'final', 'empty') THEN now() END, CASE WHEN $5 OR $4 IN ('provisional', 'final', 'empty') THEN now() END, now(),
		       CASE WHEN $4 = 'frozen' THEN 'missing' END, CASE WHEN $4 = 'frozen' THEN '' END`+days+`
		ON CONFLICT (account_key, dataset, date_key) DO UPDATE SET state = excluded.state, row_count = excluded.row_count, loaded_at = excluded.loaded_at, confirmed_at = excluded.confirmed_at
		WHERE c.state <> 'frozen' AND excluded.state <> 'frozen' AND (c.state = excluded.state OR (c.state, excluded.state) IN (SELECT state_from, state_to FROM etl.day_change))`,
		dataset, first.String(), last.String(), state, rapid.Bool().Draw(l.T, "had been loaded"))
}

// differences are what short ways to ask give that the long way does not, and the other way round.
var differences = map[string][2]string{
	"months of the ledger": {
		`SELECT account_key, dataset, date_trunc('month', date_key)::date, count(*), count(*) FILTER (WHERE state = 'final'), count(*) FILTER (WHERE state = 'empty'), max(confirmed_at)
		 FROM etl.coverage GROUP BY 1, 2, 3`,
		`SELECT account_key, dataset, month_start, days, final, empty, confirmed_at FROM etl.coverage_by_month WHERE days > 0`,
	},
	"open days": {
		`SELECT account, dataset, send_date, state, state = 'provisional' OR state IN ('frozen', 'quarantined') AND confirmed_at IS NOT NULL
		 FROM sms.coverage_daily WHERE state NOT IN ('final', 'empty', 'not_due')`,
		`SELECT account, dataset, date_key, state, is_loaded FROM etl.open_day WHERE state NOT IN ('final', 'empty', 'not_due')`,
	},
	"settled days": {
		`SELECT account, dataset, state, count(*) FROM sms.coverage_daily WHERE state IN ('final', 'empty') GROUP BY 1, 2, 3`,
		`SELECT account, dataset, state, sum(n) FROM (
		     SELECT account, dataset, state, 1 AS n FROM etl.open_day WHERE state IN ('final', 'empty')
		     UNION ALL SELECT a.account, m.dataset, 'final', m.final FROM etl.coverage_by_month AS m JOIN sms.dim_account AS a USING (account_key) WHERE m.final > 0
		     UNION ALL SELECT a.account, m.dataset, 'empty', m.empty FROM etl.coverage_by_month AS m JOIN sms.dim_account AS a USING (account_key) WHERE m.empty > 0) AS x GROUP BY 1, 2, 3`,
	},
}

// sourcesLongWay is what the overview says of sources, from every day.
const sourcesLongWay = `
	WITH day AS (SELECT a.source, c.* FROM sms.coverage_daily AS c JOIN sms.dim_account AS a USING (account)),
	each AS (
	    SELECT source, account, dataset,
	           max(send_date) FILTER (WHERE state IN ('provisional', 'final', 'empty') OR state IN ('frozen', 'quarantined') AND confirmed_at IS NOT NULL) AS loaded_to
	    FROM day GROUP BY 1, 2, 3
	)
	SELECT source || ' ' || coalesce((SELECT CASE WHEN count(loaded_to) = count(*) THEN min(loaded_to) END FROM each AS e WHERE e.source = d.source)::text, '-')
	       || ' ' || coalesce((min(send_date) FILTER (WHERE state IN ('missing', 'failed', 'quarantined')))::text, '-')
	       || ' ' || count(*) FILTER (WHERE state <> 'not_due')
	       || ' ' || count(DISTINCT (account, send_date)) FILTER (WHERE state IN ('missing', 'failed', 'quarantined', 'lost')) AS line
	FROM day AS d GROUP BY source ORDER BY source`

func (l ledger) compare() {
	for what, ways := range differences {
		for i := range 2 {
			var differs string
			err := l.conn.QueryRow(context.Background(), fmt.Sprintf(`SELECT coalesce(string_agg(x::text, ' '), '') FROM (%s EXCEPT ALL %s) AS x`, ways[i], ways[1-i])).Scan(&differs)
			if err != nil || differs != "" {
				l.Fatalf("%s, only way %d has %s %v", what, i, differs, err)
			}
		}
	}
	long, err := db.All[string](context.Background(), l.conn, sourcesLongWay)
	if err != nil {
		l.Fatal(err)
	}
	calendar, err := l.model.Calendar(context.Background(), read.Filter{First: ledgerToday - 1, Last: ledgerToday})
	if err != nil {
		l.Fatal(err)
	}
	var short []string
	for _, s := range calendar.Sources {
		short = append(short, fmt.Sprintf("%s %s %s %d %d", s.Source, orDash(s.LoadedTo), orDash(s.FirstOpen), s.Days, s.OpenDays))
	}
	if strings.Join(short, "\n") != strings.Join(long, "\n") {
		l.Fatalf("sources:\n%s\nand from every day:\n%s", strings.Join(short, "\n"), strings.Join(long, "\n"))
	}
}

func orDash(d *sms.Day) string {
	if d == nil {
		return "-"
	}
	return d.String()
}

// Pages read sums of the ledger by month and the days that are open, and say the same as if they read every day.
func TestSumsOfTheLedger(t *testing.T) {
	t.Parallel()
	conn, d := opened(t, ledgerAccounts, "SET etl.now = '2024-04-09T20:00:00Z'", "SET jit = off")
	now := func() time.Time { return time.Date(2024, time.April, 9, 20, 0, 0, 0, time.UTC) }
	rapid.Check(t, func(rt *rapid.T) {
		l := ledger{rt, conn, read.New(d, now)}
		l.exec(`DELETE FROM etl.coverage`)
		l.expect()
		for range rapid.IntRange(0, 12).Draw(rt, "writes") {
			l.write()
		}
		l.compare()
	})
}
