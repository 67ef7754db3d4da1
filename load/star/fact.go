package star

import (
	"context"
	"embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string {
	text, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // a name in this package is wrong
	}
	return string(text)
}

// analyzeFrom is the number of staged rows from which the planner needs to know more than the size of the table.
const analyzeFrom = 10_000

// fact is a fact table with the rows that a scope replaces in it.
type fact struct {
	name, history  string   // sms.fact_<name>, and the table of old images
	keys, measures []string // columns; the account's key is besides
	lines          []line   // in the order of the key
	encode         func([]byte, *line) []byte
	parts          []Part
	reasons        string // SQL: which reasons the scope replaces
}

// grainKeys are the columns of the key that both facts share, but for the account's, the day first.
var grainKeys = []string{"date_key", "template_key", "label_key", "message_type_key", "country_key"}

func (w *Writer) deliveryFact() *fact {
	return &fact{
		name: "delivery_daily", history: "etl.delivery_history", keys: grainKeys, measures: sms.MeasureNames[:],
		lines:  w.Staging.deliveries,
		encode: deliveryEncoder(w.Staging.Batch.Deliveries, w.Account, w.LoadID),
		parts:  []Part{Delivery}, reasons: "true",
	}
}

func (w *Writer) failureFact() *fact {
	f := &fact{
		name: "failure_daily", history: "etl.failure_history",
		keys: append(slices.Clone(grainKeys), "reason_key"), measures: []string{"messages"},
		lines:  w.Staging.failures,
		encode: failureEncoder(w.Staging.Batch.Failures, w.Account, w.LoadID),
	}
	var stages []string
	for part, stage := range map[Part]sms.Stage{Processing: sms.Processing, Sending: sms.Sending} {
		if w.fills(part) {
			f.parts = append(f.parts, part)
			stages = append(stages, "'"+string(stage)+"'")
		}
	}
	f.reasons = fmt.Sprintf("f.reason_key IN (SELECT reason_key FROM sms.dim_failure_reason WHERE vendor_key = %d AND stage IN (%s))",
		w.Vendor.Key, strings.Join(stages, ", "))
	return f
}

// columns are those of a copied row, in their order.
func (f *fact) columns() string {
	return strings.Join(slices.Concat(f.keys[:1], []string{"account_key"}, f.keys[1:], f.measures, []string{"load_id"}), ", ")
}

// columnList is a list of columns in a statement: {keys|f.%s} is "f." and the name of each key.
var columnList = regexp.MustCompile(`\{(keys|measures)\|([^}]*)\}`)

// expand fills a statement with the columns of the fact.
func (f *fact) expand(query string) string {
	query = columnList.ReplaceAllStringFunc(query, func(text string) string {
		match := columnList.FindStringSubmatch(text)
		columns := f.keys
		if match[1] == "measures" {
			columns = f.measures
		}
		all := make([]string, len(columns))
		for i, column := range columns {
			all[i] = fmt.Sprintf(match[2], column)
		}
		return strings.Join(all, ", ")
	})
	return strings.NewReplacer("{fact}", f.name, "{history}", f.history).Replace(query)
}

// replaceFact writes one fact: days that never held anything by COPY straight into the table, the others by comparing.
func (w *Writer) replaceFact(ctx context.Context, tx pgx.Tx, f *fact) error {
	present, err := w.present(ctx, tx, f)
	if err != nil {
		return fmt.Errorf("looking for stored days: %w", err)
	}
	var fresh, stored []line
	var compare []sms.Day
	at := 0
	for day := range w.window.Days() {
		first := at
		for at < len(f.lines) && f.lines[at].day == day {
			at++
		}
		switch lines := f.lines[first:at]; {
		case !w.isBelieved(day) || len(lines) == 0 && !present[day]:
		case present[day] || w.wasLoaded(f, day):
			stored = appendLines(stored, lines)
			compare = append(compare, day)
		default:
			fresh = appendLines(fresh, lines)
			w.mark(f, day)
		}
	}
	if err := w.insert(ctx, tx, f, fresh); err != nil {
		return err
	}
	return w.compare(ctx, tx, f, stored, compare)
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
func (w *Writer) present(ctx context.Context, tx pgx.Tx, f *fact) (map[sms.Day]bool, error) {
	query := w.literal(f, w.believedDays(), `
		SELECT day
		FROM unnest({days}) AS day
		WHERE EXISTS (SELECT FROM sms.fact_`+f.name+` AS f WHERE f.date_key = day AND f.account_key = {account} AND {reasons})`)
	days, err := db.All[sms.Day](ctx, tx, query, pgx.QueryExecModeExec)
	present := map[sms.Day]bool{}
	for _, day := range days {
		present[day] = true
	}
	return present, err
}

func (w *Writer) believedDays() []sms.Day {
	var days []sms.Day
	for day := range w.window.Days() {
		if w.isBelieved(day) {
			days = append(days, day)
		}
	}
	return days
}

// wasLoaded says that an answer for the day was believed before: a row that comes now comes late and is a restatement.
func (w *Writer) wasLoaded(f *fact, day sms.Day) bool {
	return slices.ContainsFunc(f.parts, func(part Part) bool { return w.WasLoaded(part, day) })
}

func (w *Writer) mark(f *fact, day sms.Day) {
	for _, part := range f.parts {
		w.written.Changed[part][day-w.window.First()] = true
	}
}

// insert copies the rows of days that hold nothing straight into the fact.
func (w *Writer) insert(ctx context.Context, tx pgx.Tx, f *fact, lines []line) error {
	if len(lines) == 0 {
		return nil
	}
	if err := copyInto(ctx, tx, f, "sms.fact_"+f.name, lines); err != nil {
		return err
	}
	w.written.Inserted += int64(len(lines))
	return nil
}

func copyInto(ctx context.Context, tx pgx.Tx, f *fact, table string, lines []line) error {
	var rows io.Reader = &rowReader{lines: lines, encode: f.encode}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, rows, "COPY "+table+" ("+f.columns()+") FROM STDIN (FORMAT binary)")
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
func (w *Writer) compare(ctx context.Context, tx pgx.Tx, f *fact, lines []line, days []sms.Day) error {
	if len(days) == 0 {
		return nil
	}
	// Names of staging tables end with the transaction, so nothing is left behind by a load that dies.
	staging := "staged_" + f.name
	create := "CREATE TEMPORARY TABLE " + staging + " (LIKE sms.fact_" + f.name + ") ON COMMIT DROP"
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
	added, updated, removed, err := w.difference(ctx, tx, f, days)
	if err != nil {
		return fmt.Errorf("comparing: %w", err)
	}
	w.written.Inserted += added
	w.written.Updated += updated
	w.written.Removed += removed
	w.written.Unchanged += int64(len(lines)) - added - updated
	if added+updated+removed == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, w.literal(f, days, statement("merge")), pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("merging: %w", err)
	}
	return nil
}

// difference finds what to write, and marks the days that have any of it.
func (w *Writer) difference(ctx context.Context, tx pgx.Tx, f *fact, days []sms.Day) (added, updated, removed int64, err error) {
	if _, err := tx.Exec(ctx, w.literal(f, days, statement("diff")), pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, 0, 0, err
	}
	type change struct {
		Day                     sms.Day
		Added, Updated, Removed int64
	}
	all, err := db.All[change](ctx, tx, `
		SELECT date_key,
		       count(*) FILTER (WHERE change = 'added'),
		       count(*) FILTER (WHERE change = 'updated'),
		       count(*) FILTER (WHERE change = 'removed')
		FROM pg_temp.changed_`+f.name+`
		GROUP BY date_key`, pgx.QueryExecModeExec)
	for _, c := range all {
		w.mark(f, c.Day)
		added, updated, removed = added+c.Added, updated+c.Updated, removed+c.Removed
	}
	return added, updated, removed, err
}

// literal fills a query with the load's constants. The days and the account stand in it as constants, because the planner
// has to know them: it then reads these days only, whatever else the table holds.
func (w *Writer) literal(f *fact, days []sms.Day, query string) string {
	var first, last sms.Day
	if len(days) > 0 {
		first, last = days[0], days[len(days)-1]
	}
	return strings.NewReplacer(
		"{account}", strconv.Itoa(int(w.Account)),
		"{load}", strconv.FormatInt(w.LoadID, 10),
		"{first}", "date '"+first.String()+"'",
		"{last}", "date '"+last.String()+"'",
		"{days}", dateArray(days),
		"{reasons}", f.reasons,
	).Replace(f.expand(query))
}

func dateArray(days []sms.Day) string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.String()
	}
	return "'{" + strings.Join(texts, ",") + "}'::date[]"
}
