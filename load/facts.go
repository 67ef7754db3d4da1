package load

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/delivery_diff.sql
var deliveryDiff string

//go:embed sql/delivery_merge.sql
var deliveryMerge string

//go:embed sql/failure_diff.sql
var failureDiff string

//go:embed sql/failure_merge.sql
var failureMerge string

// analyzeFrom is the number of staged rows from which the planner needs to know more than the size of the table.
const analyzeFrom = 10_000

// fact is a fact table with the rows that a scope replaces in it.
type fact struct {
	table, columns string
	diff, merge    string // see sql/
	lines          []line // in the order of the key
	encode         func([]byte, *line) []byte
	parts          []part
	reasons        string // SQL: which reasons the scope replaces
}

func (p *put) deliveryFact() *fact {
	return &fact{
		table: "sms.fact_delivery_daily", columns: deliveryColumns, diff: deliveryDiff, merge: deliveryMerge,
		lines:  p.tally.deliveries,
		encode: deliveryEncoder(p.tally.batch.Deliveries, p.account, p.loadID),
		parts:  []part{delivery}, reasons: "true",
	}
}

func (p *put) failureFact() *fact {
	f := &fact{
		table: "sms.fact_failure_daily", columns: failureColumns, diff: failureDiff, merge: failureMerge,
		lines:  p.tally.failures,
		encode: failureEncoder(p.tally.batch.Failures, p.account, p.loadID),
	}
	var stages []string
	for part, stage := range map[part]sms.Stage{processing: sms.Processing, sending: sms.Sending} {
		if p.fills(part) {
			f.parts = append(f.parts, part)
			stages = append(stages, "'"+string(stage)+"'")
		}
	}
	f.reasons = fmt.Sprintf("f.reason_key IN (SELECT reason_key FROM sms.dim_failure_reason WHERE vendor_key = %d AND stage IN (%s))",
		p.vendor.key, strings.Join(stages, ", "))
	return f
}

// replaceFact writes one fact: days that never held anything by COPY straight into the table, the others by comparing.
func (p *put) replaceFact(ctx context.Context, tx pgx.Tx, f *fact) error {
	present, err := p.present(ctx, tx, f)
	if err != nil {
		return fmt.Errorf("looking for stored days: %w", err)
	}
	var fresh, stored []line
	var compare []sms.Day
	at := 0
	for day := range p.window.Days() {
		first := at
		for at < len(f.lines) && f.lines[at].day == day {
			at++
		}
		switch lines := f.lines[first:at]; {
		case !p.isBelieved(day) || len(lines) == 0 && !present[day]:
		case present[day] || p.wasLoaded(f, day):
			stored = appendLines(stored, lines)
			compare = append(compare, day)
		default:
			fresh = appendLines(fresh, lines)
			p.mark(f, day)
		}
	}
	if err := p.insert(ctx, tx, f, fresh); err != nil {
		return err
	}
	return p.compare(ctx, tx, f, stored, compare)
}

// appendLines joins neighbours without copying them, which is what a window nearly always consists of.
func appendLines(all, more []line) []line {
	if len(all) == 0 {
		return more
	}
	if len(more) > 0 && cap(all) > len(all) && &all[:len(all)+1][len(all)] == &more[0] {
		return all[:len(all)+len(more)]
	}
	return append(slices.Clip(all), more...)
}

// present says which believed days hold facts of the scope now. The table is asked and not the ledger, because a COPY into
// a day that holds rows would leave those there that the vendor no longer reports.
func (p *put) present(ctx context.Context, tx pgx.Tx, f *fact) (map[sms.Day]bool, error) {
	query := p.literal(f, p.believedDays(), `
		SELECT day
		FROM unnest({days}) AS day
		WHERE EXISTS (SELECT FROM `+f.table+` AS f WHERE f.date_key = day AND f.account_key = {account} AND {reasons})`)
	rows, err := tx.Query(ctx, query, pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	present := map[sms.Day]bool{}
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{&day}, func() error {
		present[sms.DayOf(day)] = true
		return nil
	})
	return present, err
}

func (p *put) believedDays() []sms.Day {
	var days []sms.Day
	for day := range p.window.Days() {
		if p.isBelieved(day) {
			days = append(days, day)
		}
	}
	return days
}

// wasLoaded says that an answer for the day was believed before: a row that comes now comes late and is a restatement.
func (p *put) wasLoaded(f *fact, day sms.Day) bool {
	for _, dataset := range p.scope.Datasets {
		for _, part := range f.parts {
			if c := p.ledger[lineKey{dataset, day}]; c != nil && c.loadedAt != nil && p.partOf(dataset) == part {
				return true
			}
		}
	}
	return false
}

func (p *put) mark(f *fact, day sms.Day) {
	for _, part := range f.parts {
		p.changed[part][day-p.window.First()] = true
	}
}

// insert copies the rows of days that hold nothing straight into the fact.
func (p *put) insert(ctx context.Context, tx pgx.Tx, f *fact, lines []line) error {
	if len(lines) == 0 {
		return nil
	}
	if err := copyInto(ctx, tx, f, f.table, lines); err != nil {
		return err
	}
	p.result.Inserted += int64(len(lines))
	return nil
}

func copyInto(ctx context.Context, tx pgx.Tx, f *fact, table string, lines []line) error {
	var rows io.Reader = &rowReader{lines: lines, encode: f.encode}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, rows, "COPY "+table+" ("+f.columns+") FROM STDIN (FORMAT binary)")
	if err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if tag.RowsAffected() != int64(len(lines)) {
		return fmt.Errorf("copied %d of %d rows", tag.RowsAffected(), len(lines))
	}
	return nil
}

// compare brings days that hold rows, or held some once, to the lines, and writes only what differs. One pass finds the
// differences; an answer that says what is stored then writes nothing and locks no row.
func (p *put) compare(ctx context.Context, tx pgx.Tx, f *fact, lines []line, days []sms.Day) error {
	if len(days) == 0 {
		return nil
	}
	// Names of staging tables end with the transaction, so nothing is left behind by a load that dies.
	staging := "staged_" + strings.TrimPrefix(f.table, "sms.fact_")
	create := "CREATE TEMPORARY TABLE " + staging + " (LIKE " + f.table + ") ON COMMIT DROP"
	if _, err := tx.Exec(ctx, create); err != nil {
		return err
	}
	if err := copyInto(ctx, tx, f, "pg_temp."+staging, lines); err != nil {
		return err
	}
	if len(lines) > analyzeFrom {
		if _, err := tx.Exec(ctx, "ANALYZE pg_temp."+staging); err != nil {
			return err
		}
	}
	added, updated, removed, err := p.difference(ctx, tx, f, days)
	if err != nil {
		return fmt.Errorf("comparing: %w", err)
	}
	p.result.Inserted += added
	p.result.Updated += updated
	p.result.Removed += removed
	p.result.Unchanged += int64(len(lines)) - added - updated
	if added+updated+removed == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, p.literal(f, days, f.merge), pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("merging: %w", err)
	}
	return nil
}

// difference finds what to write, and marks the days that have any of it.
func (p *put) difference(ctx context.Context, tx pgx.Tx, f *fact, days []sms.Day) (added, updated, removed int64, err error) {
	if _, err := tx.Exec(ctx, p.literal(f, days, f.diff), pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, 0, 0, err
	}
	rows, err := tx.Query(ctx, `
		SELECT date_key,
		       count(*) FILTER (WHERE change = 'added'),
		       count(*) FILTER (WHERE change = 'updated'),
		       count(*) FILTER (WHERE change = 'removed')
		FROM pg_temp.changed_`+strings.TrimPrefix(f.table, "sms.fact_")+`
		GROUP BY date_key`, pgx.QueryExecModeExec)
	if err != nil {
		return 0, 0, 0, err
	}
	var day time.Time
	var a, u, r int64
	_, err = pgx.ForEachRow(rows, []any{&day, &a, &u, &r}, func() error {
		p.mark(f, sms.DayOf(day))
		added, updated, removed = added+a, updated+u, removed+r
		return nil
	})
	return added, updated, removed, err
}

// literal fills a query with the load's constants. The days and the account stand in it as constants, because the planner
// has to know them: it then reads these days only, whatever else the table holds.
func (p *put) literal(f *fact, days []sms.Day, query string) string {
	var first, last sms.Day
	if len(days) > 0 {
		first, last = days[0], days[len(days)-1]
	}
	return strings.NewReplacer(
		"{account}", strconv.Itoa(int(p.account)),
		"{load}", strconv.FormatInt(p.loadID, 10),
		"{first}", "date '"+first.String()+"'",
		"{last}", "date '"+last.String()+"'",
		"{days}", dateArray(days),
		"{reasons}", f.reasons,
	).Replace(query)
}

func dateArray(days []sms.Day) string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.String()
	}
	return "'{" + strings.Join(texts, ",") + "}'::date[]"
}
