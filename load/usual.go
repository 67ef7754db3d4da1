package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// usualDays is how far back days are compared with.
const usualDays = 28

// usual holds the messages of days around a window, to tell what is usual for a day of which nothing is stored.
type usual map[sms.Day]int64

// median gives what is usual for a day: the median of the same weekday in the last four weeks, when three of these days are
// known, else of all days of these weeks, when seven are.
func (u usual) median(day sms.Day) (messages int64, known bool) {
	var same, all []int64
	for d := day - usualDays; d < day; d++ {
		n, ok := u[d]
		if !ok {
			continue
		}
		all = append(all, n)
		if (day-d)%7 == 0 {
			same = append(same, n)
		}
	}
	switch {
	case len(same) >= 3:
		all = same
	case len(all) < 7:
		return 0, false
	}
	slices.Sort(all)
	return all[(len(all)-1)/2], true
}

// learnUsual reads the messages of the loaded days before the window and in it. A day of the window that is not loaded
// counts with what the answer says of it, so that a hole in a first load shows.
func (p *put) learnUsual(ctx context.Context, tx pgx.Tx) error {
	dataset, needed := p.firstDelivery()
	if !needed {
		return nil
	}
	rows, err := tx.Query(ctx, `
		SELECT date_key, coalesce(messages, 0)
		FROM etl.coverage
		WHERE account_key = $1
		  AND dataset = $2
		  AND date_key BETWEEN $3 AND $4
		  AND loaded_at IS NOT NULL
		  AND (messages IS NOT NULL OR row_count = 0)`, p.account, dataset, date(p.window.First()-usualDays), date(p.window.Last()))
	if err != nil {
		return fmt.Errorf("reading what is usual: %w", err)
	}
	p.usual = usual{}
	for day := range p.window.Days() {
		if c := p.ledger[lineKey{dataset, day}]; c == nil || c.confirmedAt == nil {
			p.usual[day] = p.tally.days[delivery][day-p.window.First()].messages.total
		}
	}
	var day time.Time
	var messages int64
	_, err = pgx.ForEachRow(rows, []any{&day, &messages}, func() error {
		p.usual[sms.DayOf(day)] = messages
		return nil
	})
	return err
}

// firstDelivery gives the dataset of the scope that speaks for the delivery rows, and whether a day of it is new.
func (p *put) firstDelivery() (sms.Dataset, bool) {
	for _, dataset := range p.scope.Datasets {
		if !p.w.datasets[dataset].delivery {
			continue
		}
		for day := range p.window.Days() {
			if c := p.ledger[lineKey{dataset, day}]; c == nil || c.confirmedAt == nil {
				return dataset, true
			}
		}
	}
	return "", false
}
