package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/read"
	"smsetl/sms"
)

// defaultDays is how far back a Check looks when nothing else is said.
const defaultDays = 120

// Options narrow a Check.
type Options struct {
	Accounts []sms.Account // nil: every account of the warehouse
	Days     int           // days before now in sight; 0: 120
	All      bool          // every day
	Quick    bool          // without the checks that go through the facts: their findings stay as they are
	// External is what the check statistics_differ found, which compares with what is no table's; nil: it was not done.
	External     []Line
	ExternalOnly bool // without any other check
}

// Line is a day on which a check does not hold, found by somebody else.
type Line struct {
	Account         sms.Account
	Subject         string
	Severity        sms.Severity
	Day             sms.Day
	Expected, Found float64
	Detail          string // one sentence with the numbers
}

// Report says what a Check found.
type Report struct {
	First    sms.Day        `json:"from"`     // the first day in sight; those of open warnings and errors are in sight too
	Opened   int            `json:"opened"`   // findings that are new
	Reopened int            `json:"reopened"` // that had been closed
	Closed   int            `json:"closed"`   // that no longer hold
	Findings []read.Finding `json:"findings"` // open now, errors first; those of loads are among them
}

// checkTurn keeps checks apart from each other: what one writes the next one reads.
const checkTurn = "check"

// Check compares the warehouse with itself, see Rules, and keeps what does not hold in etl.finding: new findings are
// opened, known ones seen once more, and those that no longer hold closed. It reads summaries and the ledger where it can,
// and of the facts the days in sight; loads neither wait for it nor disturb it. Checks at the same time wait for each other.
//
// The error is sms.ErrTemporary when the same call may succeed later.
func (k *Checker) Check(ctx context.Context, now time.Time, options Options) (Report, error) {
	c := &checking{now: now}
	c.report.First = options.first(now)
	err := pgx.BeginTxFunc(ctx, k.db, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := db.Turn(ctx, tx, checkTurn); err != nil {
			return fmt.Errorf("waiting for another check: %w", err)
		}
		if _, err := tx.Exec(ctx, `SELECT set_config('etl.now', $1, true)`, now.Format(time.RFC3339)); err != nil {
			return err
		}
		return c.run(ctx, tx, options)
	})
	return c.report, failed("checking", err)
}

func (o Options) first(now time.Time) sms.Day {
	if o.All {
		return sms.Date(2015, time.January, 1) // where the calendar begins
	}
	days := cmp.Or(o.Days, defaultDays)
	return sms.DayOf(now.UTC()) - sms.Day(days)
}

// checking is one Check under way.
type checking struct {
	now      time.Time
	accounts []int32
	rules    []string // that were run
	found    []found
	report   Report
}

func (c *checking) run(ctx context.Context, tx pgx.Tx, options Options) error {
	var err error
	if c.accounts, err = db.AccountKeys(ctx, tx, options.Accounts); err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	first, err := c.inSight(ctx, tx)
	if err != nil {
		return fmt.Errorf("open findings: %w", err)
	}
	for _, rule := range Rules() {
		if rule.ReadsFacts && options.Quick || options.ExternalOnly && !rule.IsExternal || rule.IsExternal && options.External == nil {
			continue
		}
		c.rules = append(c.rules, rule.Name)
		from := c.report.First
		if day, open := first[rule.Name]; open {
			from = min(from, day)
		}
		if rule.IsExternal {
			err = c.take(ctx, tx, rule, options.External)
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
	c.report.Findings, err = read.OpenFindings(ctx, tx, c.accounts)
	return err
}

// inSight gives the first day of the open warnings and errors of each check: they stay in sight until they no longer hold,
// however old they are.
func (c *checking) inSight(ctx context.Context, tx pgx.Tx) (map[string]sms.Day, error) {
	type open struct {
		Check string
		First sms.Day
	}
	all, err := db.All[open](ctx, tx, `
		SELECT check_name, min(day)
		FROM etl.finding
		WHERE source = 'check'
		  AND severity <> 'info'
		  AND closed_at IS NULL
		  AND day IS NOT NULL
		  AND account_key = ANY ($1)
		GROUP BY check_name`, c.accounts)
	first := map[string]sms.Day{}
	for _, o := range all {
		first[o.Check] = o.First
	}
	return first, err
}

// accountLine is a day on which a check does not hold, as its query gives it.
type accountLine struct {
	Account         int32
	Subject         string
	Severity        sms.Severity
	Day             sms.Day
	Expected, Found *float64
	Detail          string
}

// check runs one check and puts the days of the same subject and account together.
func (c *checking) check(ctx context.Context, tx pgx.Tx, rule Rule, from sms.Day) error {
	var lines []accountLine
	var err error
	if rule.Name == ledgerDiffers {
		lines, err = c.ledgerDiffers(ctx, tx, from)
	} else {
		lines, err = db.All[accountLine](ctx, tx, rule.query()+"\nORDER BY 1, 2, 4", c.accounts, from, c.now)
	}
	c.gather(rule, lines)
	return err
}

// gather puts the lines of one subject and account together, which stand together.
func (c *checking) gather(rule Rule, lines []accountLine) {
	var subjects []found
	for _, l := range lines {
		if last := len(subjects) - 1; last < 0 || subjects[last].account != l.Account || subjects[last].subject != l.Subject {
			subjects = append(subjects, found{rule: rule, account: l.Account, subject: l.Subject})
		}
		subjects[len(subjects)-1].add(l)
	}
	c.found = append(c.found, subjects...)
}

// take takes what somebody else found about the accounts.
func (c *checking) take(ctx context.Context, tx pgx.Tx, rule Rule, external []Line) error {
	var lines []accountLine
	for _, t := range external {
		keys, err := db.AccountKeys(ctx, tx, []sms.Account{t.Account})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if slices.Contains(c.accounts, key) {
				lines = append(lines, accountLine{key, t.Subject, t.Severity, t.Day, &t.Expected, &t.Found, t.Detail})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b accountLine) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Day, b.Day))
	})
	c.gather(rule, lines)
	return nil
}

// found is what a check found about one subject of one account.
type found struct {
	rule        Rule
	account     int32
	subject     string
	severity    sms.Severity
	first, last sms.Day
	days        int
	size        float64 // what expected and found differ by, over all days
	worst       accountLine
}

// gravity orders the severities.
var gravity = map[sms.Severity]int{sms.Info: 1, sms.Warning: 2, sms.Error: 3}

// add takes one more day. The gravest days make the finding; lesser ones beside them are left out.
func (f *found) add(l accountLine) {
	switch {
	case gravity[l.Severity] < gravity[f.severity]:
		return
	case gravity[l.Severity] > gravity[f.severity]:
		*f = found{rule: f.rule, account: f.account, subject: f.subject, severity: l.Severity, first: l.Day, worst: l}
	case l.difference() > f.worst.difference():
		f.worst = l
	}
	f.first, f.last = min(f.first, l.Day), max(f.last, l.Day)
	f.days++
	f.size += l.difference()
}

// difference gives by how much the two sides differ; 0 when there are no two sides.
func (l *accountLine) difference() float64 {
	if l.Expected == nil || l.Found == nil {
		return 0
	}
	return math.Abs(*l.Expected - *l.Found)
}

// sentence is the worst day in words.
func (f *found) sentence() string {
	switch {
	case f.days == 1:
		return fmt.Sprintf("%s: %s", f.worst.Day, f.worst.Detail)
	case f.size == 0:
		return fmt.Sprintf("%s, one of %d days: %s", f.worst.Day, f.days, f.worst.Detail)
	}
	return fmt.Sprintf("%s, the worst of %d days: %s", f.worst.Day, f.days, f.worst.Detail)
}
