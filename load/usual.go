package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// usualDays is how far back days are compared with, and how old a day may be to be compared: a stretch of history is asked
// for once, by a person who looks at it, and its first days would be judged by chance.
const usualDays = 28

// usual holds the messages that are stored of days around a window, to tell what is usual for a day of which nothing is
// stored. Days that were believed only because an answer came twice are not in it: they would make an outage usual.
type usual map[sms.Day]int64

// of gives what is usual for a day, and the least that there was lately. What is usual is the median of the same weekday in
// the last four weeks, when three of these days are known, else of all days of these weeks, when half of them are.
func (u usual) of(day sms.Day) (median, least int64, known bool) {
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
	if len(all) == 0 {
		return 0, 0, false
	}
	least = slices.Min(all)
	switch {
	case len(same) >= 3:
		all = same
	case len(all) < usualDays/2:
		return 0, 0, false
	}
	slices.Sort(all)
	return all[(len(all)-1)/2], least, true
}

// learnUsual reads the messages of the days before those of the window that are new and young.
func (p *put) learnUsual(ctx context.Context, tx pgx.Tx) error {
	dataset, needed := p.firstDelivery()
	if !needed {
		return nil
	}
	rows, err := tx.Query(ctx, `
		SELECT date_key, coalesce(messages, 0), suspect_at IS NOT NULL
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
	var day time.Time
	var messages int64
	var isDoubted bool
	_, err = pgx.ForEachRow(rows, []any{&day, &messages, &isDoubted}, func() error {
		if isDoubted {
			p.doubtedDays++
			return nil
		}
		p.usual[sms.DayOf(day)] = messages
		return nil
	})
	return err
}

// firstDelivery gives the dataset of the scope that speaks for the delivery rows, and whether a young day of it is new.
func (p *put) firstDelivery() (sms.Dataset, bool) {
	for _, dataset := range p.scope.Datasets {
		if !p.w.datasets[dataset].delivery {
			continue
		}
		for day := max(p.window.First(), p.window.Zone().Today(p.options.Now)-usualDays); day <= p.window.Last(); day++ {
			if c := p.ledger[lineKey{dataset, day}]; c == nil || c.confirmedAt == nil {
				return dataset, true
			}
		}
	}
	return "", false
}

// doubtFirst says what is wrong with the number of messages of a day that never held any: it is a fraction of what is usual,
// and there was nothing like it lately.
func (p *put) doubtFirst(dataset sms.Dataset, day sms.Day) string {
	if !p.w.datasets[dataset].delivery || p.window.Zone().Today(p.options.Now)-day > usualDays {
		return ""
	}
	limits, said := p.guard.of(dataset), p.tally.days[delivery][day-p.window.First()].messages.total
	median, least, known := p.usual.of(day)
	if !known && said == 0 && p.doubtedDays >= usualDays/2 {
		// A vendor that was believed at last when it had nothing for weeks of settled days has left nothing to compare with.
		return fmt.Sprintf("%s has no messages, and what it says of %d of the days before is doubted too", dataset, p.doubtedDays)
	}
	if !known || median < limits.MinMessages || float64(said) >= tiny*limits.ShrinkRatio*float64(median) || 2*said >= least {
		return ""
	}
	return fmt.Sprintf("%s has %d messages where %d are usual", dataset, said, median)
}
