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
func statement(name string) string { return db.Statement(files, name) }

// analyzeFrom is the number of staged rows from which the planner needs to know more than the size of the table.
const analyzeFrom = 10_000

// fact is a fact table with the rows that a scope replaces in it.
type fact struct {
	name, history  string   // sms.fact_<name>, and the table of old images
	keys, measures []string // columns; the account's key is besides
	lines          lines
	encode         func([]byte, *line) []byte // keys and measures
	parts          []Part
	reasons        string   // SQL: which reasons the scope replaces
	month          *monthly // that a statement is about
}

// by is the fact for a statement about a summary by month.
func (f *fact) by(m *monthly) *fact {
	of := *f
	of.month = m
	return &of
}

// grainKeys are the columns of the key that both facts share, but for the account's, the day first.
var grainKeys = []string{"date_key", "template_key", "label_key", "message_type_key", "country_key"}

func (w *Writer) deliveryFact() *fact {
	return &fact{
		name: "delivery_daily", history: "etl.delivery_history", keys: grainKeys, measures: sms.MeasureNames[:],
		lines: w.deliveries, encode: w.encodeDelivery,
		parts: []Part{Delivery}, reasons: "true",
	}
}

func (w *Writer) failureFact() *fact {
	f := &fact{
		name: "failure_daily", history: "etl.failure_history",
		keys: append(slices.Clone(grainKeys), "reason_key"), measures: []string{"messages"},
		lines: w.failures, encode: w.encodeFailure,
	}
	var others []string
	for part, stage := range map[Part]sms.Stage{Processing: sms.Processing, Sending: sms.Sending} {
		if w.fills(part) {
			f.parts = append(f.parts, part)
		} else {
			others = append(others, "'"+string(stage)+"'")
		}
	}
	f.reasons = "true"
	if len(others) > 0 {
		f.reasons = fmt.Sprintf("f.reason_key NOT IN (SELECT reason_key FROM sms.dim_failure_reason WHERE vendor_key = %d AND stage IN (%s))",
			w.Vendor.Key, strings.Join(others, ", "))
	}
	return f
}

// keySize is the length of the key in an encoded row: a length and four bytes for each column, the account's among them.
func (f *fact) keySize() int { return 8 * (len(f.keys) + 1) }

// columns are those of a copied row, in their order.
func (f *fact) columns() string {
	return strings.Join(slices.Concat(f.keys[:1], []string{"account_key"}, f.keys[1:], f.measures, []string{"load_id"}), ", ")
}

// columnList is a list of columns in a statement: {keys|f.%s} is "f." and the name of each key.
var columnList = regexp.MustCompile(`\{(keys|measures|grain)\|([^}]*)\}`)

// expand fills a statement with the columns of the fact.
func (f *fact) expand(query string) string {
	query = columnList.ReplaceAllStringFunc(query, func(text string) string {
		match := columnList.FindStringSubmatch(text)
		columns := f.keys
		switch match[1] {
		case "measures":
			columns = f.measures
		case "grain":
			columns = f.month.keys
		}
		all := make([]string, len(columns))
		for i, column := range columns {
			all[i] = fmt.Sprintf(match[2], column)
		}
		return strings.Join(all, ", ")
	})
	if f.month != nil {
		query = strings.ReplaceAll(query, "{month}", f.month.name)
	}
	return strings.NewReplacer("{fact}", f.name, "{history}", f.history).Replace(query)
}

// replaceFact writes one fact: days that never held anything by COPY straight into the table, the others by comparing what
// their digests do not show to be the same.
func (w *Writer) replaceFact(ctx context.Context, tx pgx.Tx, f *fact) error {
	present, err := w.present(ctx, tx, f)
	if err != nil {
		return fmt.Errorf("looking for stored days: %w", err)
	}
	fresh, whole, same := comparison{}, comparison{isDoubtful: w.Stored == nil}, comparison{isOfRows: true}
	var differ []sms.Day
	for i := range w.window.Len() {
		day, lines := w.window.First()+sms.Day(i), f.lines.day(i)
		switch {
		case !w.Believed[i]:
		case w.isStored(f, i):
			w.written.Unchanged += int64(len(lines))
		case w.isKnown(f, day):
			differ = append(differ, day)
		case len(lines) == 0 && !present[day]:
		case present[day] || w.wasLoaded(f, day):
			whole.add(day, lines)
		default:
			fresh.add(day, lines)
			w.mark(f, day)
		}
	}
	stored, err := w.readDigests(ctx, tx, differ)
	if err != nil {
		return fmt.Errorf("reading digests: %w", err)
	}
	for _, day := range differ {
		i := int(day - w.window.First())
		changed, ok := w.changedLines(f, i, stored[day])
		if !ok {
			whole.add(day, f.lines.day(i))
			continue
		}
		same.add(day, changed)
		w.written.Unchanged += int64(len(f.lines.day(i)) - len(changed))
	}
	if err := w.insert(ctx, tx, f, &fresh); err != nil {
		return err
	}
	if _, err := w.compare(ctx, tx, f, f.name, &whole); err != nil {
		return err
	}
	isFound, err := w.compare(ctx, tx, f, f.name+"_rows", &same)
	if err != nil || isFound {
		return err
	}
	// Somebody else has written to these days: what is stored is not what the digests describe.
	damaged := comparison{isDoubtful: true}
	for _, day := range same.days {
		lines := f.lines.day(int(day - w.window.First()))
		damaged.add(day, lines)
		w.written.Unchanged -= int64(len(lines))
	}
	w.written.Unchanged += int64(len(same.lines))
	_, err = w.compare(ctx, tx, f, f.name+"_damaged", &damaged)
	return err
}

// comparison is what is compared with stored rows.
type comparison struct {
	days  []sms.Day
	lines []line
	// isOfRows says that the lines are rows of which only the numbers can be others; else they are all that the days have.
	isOfRows bool
	// isDoubtful says that somebody else may have written to what is stored, so that the months are counted anew.
	isDoubtful bool
}

func (c *comparison) add(day sms.Day, lines []line) {
	c.days, c.lines = append(c.days, day), appendLines(c.lines, lines)
}

// isKnown says that every part of the day has a digest.
func (w *Writer) isKnown(f *fact, day sms.Day) bool {
	return w.Stored != nil && !slices.ContainsFunc(f.parts, func(part Part) bool { return w.Stored(part, day) == nil })
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

// present says which believed days without a digest hold facts of the scope now. The table is asked and not the ledger, because a COPY into
// a day that holds rows would leave those there that the vendor no longer reports.
func (w *Writer) present(ctx context.Context, tx pgx.Tx, f *fact) (map[sms.Day]bool, error) {
	var days []sms.Day
	for i := range w.window.Len() {
		if day := w.window.First() + sms.Day(i); w.Believed[i] && !w.isKnown(f, day) {
			days = append(days, day)
		}
	}
	present := map[sms.Day]bool{}
	if len(days) == 0 {
		return present, nil
	}
	query := w.literal(f, days, `
		SELECT day
		FROM unnest({days}) AS day
		WHERE EXISTS (SELECT FROM sms.fact_`+f.name+` AS f WHERE f.date_key = day AND f.account_key = {account} AND {reasons})`)
	found, err := db.All[sms.Day](ctx, tx, query, pgx.QueryExecModeExec)
	for _, day := range found {
		present[day] = true
	}
	return present, err
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
func (w *Writer) insert(ctx context.Context, tx pgx.Tx, f *fact, fresh *comparison) error {
	if len(fresh.lines) == 0 {
		return nil
	}
	if err := w.copyInto(ctx, tx, f, "sms.fact_"+f.name, fresh.lines); err != nil {
		return err
	}
	w.written.Inserted += int64(len(fresh.lines))
	if f.parts[0] != Delivery {
		return nil
	}
	return w.addMonths(ctx, tx, f, fresh)
}

func (w *Writer) copyInto(ctx context.Context, tx pgx.Tx, f *fact, table string, lines []line) error {
	var rows io.Reader = &rowReader{lines: lines, encode: f.encode, fields: uint16(len(f.keys) + len(f.measures) + 2), loadID: w.LoadID}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, rows, "COPY "+table+" ("+f.columns()+") FROM STDIN (FORMAT binary)")
	if err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if tag.RowsAffected() != int64(len(lines)) {
		return fmt.Errorf("copied %d of %d rows", tag.RowsAffected(), len(lines))
	}
	return nil
}

// compare brings stored rows to the lines, and writes only what differs: an answer that says what is stored writes nothing and
// locks no row. isFound is false, and nothing is written, when rows are not stored that should be.
func (w *Writer) compare(ctx context.Context, tx pgx.Tx, f *fact, suffix string, c *comparison) (isFound bool, err error) {
	if len(c.days) == 0 {
		return true, nil
	}
	// Staging tables end with the transaction, so nothing is left behind by a load that dies.
	create := "CREATE TEMPORARY TABLE staged_" + suffix + " (LIKE sms.fact_" + f.name + ") ON COMMIT DROP"
	if _, err := tx.Exec(ctx, create); err != nil {
		return false, err
	}
	if err := w.copyInto(ctx, tx, f, "pg_temp.staged_"+suffix, c.lines); err != nil {
		return false, err
	}
	if len(c.lines) > analyzeFrom {
		if _, err := tx.Exec(ctx, "ANALYZE pg_temp.staged_"+suffix); err != nil {
			return false, err
		}
	}
	join, within := "FULL", "f.date_key BETWEEN {first} AND {last} AND f.date_key = ANY ({days})"
	if c.isOfRows {
		join, within = "INNER", "true" // the same trap as in merge.sql
	}
	fill := func(name string) string {
		return w.literal(f, c.days, strings.NewReplacer("{suffix}", suffix, "{join}", join, "{range}", within).Replace(statement(name)))
	}
	if _, err := tx.Exec(ctx, fill("diff"), pgx.QueryExecModeSimpleProtocol); err != nil {
		return false, fmt.Errorf("comparing: %w", err)
	}
	changes, err := differences(ctx, tx, suffix)
	if err != nil {
		return false, fmt.Errorf("comparing: %w", err)
	}
	if c.isOfRows && changes.updated != int64(len(c.lines)) {
		return false, nil
	}
	for _, day := range changes.days {
		w.mark(f, day)
	}
	w.written.Inserted += changes.added
	w.written.Updated += changes.updated
	w.written.Removed += changes.removed
	w.written.Unchanged += int64(len(c.lines)) - changes.added - changes.updated
	if len(changes.days) > 0 {
		if _, err := tx.Exec(ctx, fill("merge"), pgx.QueryExecModeSimpleProtocol); err != nil {
			return false, fmt.Errorf("merging: %w", err)
		}
	}
	switch {
	case f.parts[0] != Delivery:
		return true, nil
	case c.isDoubtful:
		return true, w.countMonths(ctx, tx, f, suffix, c)
	case len(changes.days) > 0:
		return true, w.changeMonths(ctx, tx, f, suffix, c)
	}
	return true, nil
}

// changes are what a comparison found.
type changes struct {
	days                    []sms.Day
	added, updated, removed int64
}

func differences(ctx context.Context, tx pgx.Tx, suffix string) (c changes, err error) {
	type change struct {
		Day                     sms.Day
		Added, Updated, Removed int64
	}
	all, err := db.All[change](ctx, tx, `
		SELECT date_key,
		       count(*) FILTER (WHERE change = 'added'),
		       count(*) FILTER (WHERE change = 'updated'),
		       count(*) FILTER (WHERE change = 'removed')
		FROM pg_temp.changed_`+suffix+`
		GROUP BY date_key`, pgx.QueryExecModeExec)
	for _, day := range all {
		c.days = append(c.days, day.Day)
		c.added, c.updated, c.removed = c.added+day.Added, c.updated+day.Updated, c.removed+day.Removed
	}
	return c, err
}

// literal fills a query with the load's constants. The days and the account stand in it as constants, because the planner
// has to know them: it then reads these days only, whatever else the table holds.
func (w *Writer) literal(f *fact, days []sms.Day, query string) string {
	var first, last sms.Day
	if len(days) > 0 {
		first, last = slices.Min(days), slices.Max(days)
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
