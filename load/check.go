package load

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

var (
	//go:embed sql/check_write.sql
	checkWrite string
	//go:embed sql/check_close.sql
	checkClose string
	//go:embed sql/check_age.sql
	checkAge string
)

// CheckDays is how far back a Check looks when nothing else is said.
const CheckDays = 120

// CheckOptions narrow a Check.
type CheckOptions struct {
	Accounts []sms.Account // nil: every account of the warehouse
	Days     int           // days before now in sight; 0: CheckDays
	All      bool          // every day
	// Harmless are the refusals (sms.Payload.Refused) of answers that are right and were not to be loaded.
	Harmless []string
	Quick    bool // without the checks that go through the facts: their findings stay as they are
	// Told is what the check statistics_differ found, which compares with what is no table's; nil: it was not done.
	Told     []CheckLine
	ToldOnly bool // without any other check
}

// CheckLine is a day on which a check does not hold, found by somebody else.
type CheckLine struct {
	Account         sms.Account
	Subject         string
	Severity        sms.Severity
	Day             sms.Day
	Expected, Found float64
	Detail          string // one sentence with the numbers
}

// CheckReport says what a Check found.
type CheckReport struct {
	First    sms.Day   // the first day in sight; the days of open warnings and errors are in sight as well
	Findings []Finding // open now, errors first; those of loads are among them
	Opened   int       // findings that are new
	Reopened int       // that had been closed
	Closed   int       // that no longer hold
}

// checkLock keeps checks apart from each other: what one writes the next one reads.
const checkLock = lockSpace + 0x10

// Check compares the warehouse with itself, see CheckRules, and keeps what does not hold in etl.finding: new findings are
// opened, known ones seen once more, and those that no longer hold closed. It reads summaries and the ledger where it can,
// and of the facts the days in sight; loads neither wait for it nor disturb it. Checks at the same time wait for each other.
//
// The error is sms.ErrTemporary when the same call may succeed later.
func (w *Warehouse) Check(ctx context.Context, now time.Time, options CheckOptions) (CheckReport, error) {
	c := &checking{now: now, harmless: options.Harmless}
	c.report.First = options.first(now)
	err := pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, 0)`, int32(checkLock)); err != nil {
			return fmt.Errorf("waiting for another check: %w", err)
		}
		return c.run(ctx, tx, options)
	})
	return c.report, failed("checking", err)
}

func (o CheckOptions) first(now time.Time) sms.Day {
	if o.All {
		return sms.Date(2015, time.January, 1) // where the calendar begins
	}
	days := o.Days
	if days == 0 {
		days = CheckDays
	}
	return sms.DayOf(now.UTC()) - sms.Day(days)
}

// checking is one Check under way.
type checking struct {
	now      time.Time
	accounts []int32
	harmless []string
	rules    []string // that were run
	found    []found
	report   CheckReport
}

func (c *checking) run(ctx context.Context, tx pgx.Tx, options CheckOptions) error {
	var err error
	if c.accounts, err = accountKeys(ctx, tx, options.Accounts); err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	first, err := c.inSight(ctx, tx)
	if err != nil {
		return fmt.Errorf("open findings: %w", err)
	}
	for _, rule := range CheckRules() {
		if rule.ReadsFacts && options.Quick || options.ToldOnly && !rule.IsTold || rule.IsTold && options.Told == nil {
			continue
		}
		c.rules = append(c.rules, rule.Name)
		from := c.report.First
		if day, open := first[rule.Name]; open {
			from = min(from, day)
		}
		if rule.IsTold {
			err = c.tell(ctx, tx, rule, options.Told)
		} else {
			err = c.check(ctx, tx, rule, from)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", rule.Name, err)
		}
	}
	if err := c.write(ctx, tx); err != nil {
		return fmt.Errorf("writing findings: %w", err)
	}
	c.report.Findings, err = openFindings(ctx, tx, c.accounts)
	return err
}

// accountKeys gives the keys of the accounts, all of them for nil. Accounts that no load has named have none.
func accountKeys(ctx context.Context, tx pgx.Tx, accounts []sms.Account) ([]int32, error) {
	vendors, ids := make([]string, len(accounts)), make([]string, len(accounts))
	for i, a := range accounts {
		vendors[i], ids[i] = string(a.Vendor), a.ID
	}
	rows, err := tx.Query(ctx, `
		SELECT a.account_key
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE $1 OR (v.vendor, a.account) IN (SELECT vendor, account FROM unnest($2::text[], $3::text[]) AS u (vendor, account))
		ORDER BY a.account_key`, accounts == nil, vendors, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int32])
}

// inSight gives the first day of the open warnings and errors of each check: they stay in sight until they no longer hold,
// however old they are.
func (c *checking) inSight(ctx context.Context, tx pgx.Tx) (map[string]sms.Day, error) {
	rows, err := tx.Query(ctx, `
		SELECT check_name, min(day)
		FROM etl.finding
		WHERE source = 'check'
		  AND severity <> 'info'
		  AND closed_at IS NULL
		  AND day IS NOT NULL
		  AND account_key = ANY ($1)
		GROUP BY check_name`, c.accounts)
	if err != nil {
		return nil, err
	}
	first := map[string]sms.Day{}
	var name string
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{&name, &day}, func() error {
		first[name] = sms.DayOf(day)
		return nil
	})
	return first, err
}

// checkLine is a day on which a check does not hold, as its query gives it.
type checkLine struct {
	account         int32
	subject         string
	severity        sms.Severity
	day             sms.Day
	expected, found *float64
	detail          string
}

// check runs one check and puts the days of the same subject and account together.
func (c *checking) check(ctx context.Context, tx pgx.Tx, rule CheckRule, from sms.Day) error {
	query, err := rule.query()
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, query+"\nORDER BY 1, 2, 4", c.accounts, date(from), c.now, c.harmless)
	if err != nil {
		return err
	}
	var lines []checkLine
	var l checkLine
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{&l.account, &l.subject, &l.severity, &day, &l.expected, &l.found, &l.detail}, func() error {
		l.day = sms.DayOf(day)
		lines = append(lines, l)
		return nil
	})
	c.gather(rule, lines)
	return err
}

// gather puts the lines of one subject and account together, which stand together.
func (c *checking) gather(rule CheckRule, lines []checkLine) {
	var subjects []found
	for _, l := range lines {
		if last := len(subjects) - 1; last < 0 || subjects[last].account != l.account || subjects[last].subject != l.subject {
			subjects = append(subjects, found{rule: rule, account: l.account, subject: l.subject})
		}
		subjects[len(subjects)-1].add(l)
	}
	c.found = append(c.found, subjects...)
}

// tell takes what somebody else found about the accounts.
func (c *checking) tell(ctx context.Context, tx pgx.Tx, rule CheckRule, told []CheckLine) error {
	var lines []checkLine
	for _, t := range told {
		keys, err := accountKeys(ctx, tx, []sms.Account{t.Account})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if slices.Contains(c.accounts, key) {
				lines = append(lines, checkLine{key, t.Subject, t.Severity, t.Day, &t.Expected, &t.Found, t.Detail})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b checkLine) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.subject, b.subject), cmp.Compare(a.day, b.day))
	})
	c.gather(rule, lines)
	return nil
}

// found is what a check found about one subject of one account.
type found struct {
	rule        CheckRule
	account     int32
	subject     string
	severity    sms.Severity
	first, last sms.Day
	days        int
	size        float64 // what expected and found differ by, over all days
	worst       checkLine
}

// gravity orders the severities.
var gravity = map[sms.Severity]int{sms.Info: 1, sms.Warning: 2, sms.Error: 3}

// add takes one more day. The gravest days make the finding; lesser ones beside them are left out.
func (f *found) add(l checkLine) {
	switch {
	case gravity[l.severity] < gravity[f.severity]:
		return
	case gravity[l.severity] > gravity[f.severity]:
		*f = found{rule: f.rule, account: f.account, subject: f.subject, severity: l.severity, first: l.day, worst: l}
	case l.difference() > f.worst.difference():
		f.worst = l
	}
	f.first, f.last = min(f.first, l.day), max(f.last, l.day)
	f.days++
	f.size += l.difference()
}

// difference gives by how much the two sides differ; 0 when there are no two sides.
func (l *checkLine) difference() float64 {
	if l.expected == nil || l.found == nil {
		return 0
	}
	return math.Abs(*l.expected - *l.found)
}

// sentence is the worst day in words.
func (f *found) sentence() string {
	switch {
	case f.days == 1:
		return fmt.Sprintf("%s: %s", f.worst.day, f.worst.detail)
	case f.size == 0:
		return fmt.Sprintf("%s, one of %d days: %s", f.worst.day, f.days, f.worst.detail)
	}
	return fmt.Sprintf("%s, the worst of %d days: %s", f.worst.day, f.days, f.worst.detail)
}
