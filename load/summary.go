package load

import (
	"context"
	_ "embed"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/summary_day.sql
var summaryDay string

//go:embed sql/summary_month.sql
var summaryMonth string

// summarise refreshes the two summaries for the days and months of which a delivery row was written.
func (p *put) summarise(ctx context.Context, tx pgx.Tx) error {
	var days, months []sms.Day
	for day := range p.window.Days() {
		if !p.changed[delivery][day-p.window.First()] {
			continue
		}
		days = append(days, day)
		y, m, _ := day.UTC().Date()
		if month := sms.Date(y, m, 1); len(months) == 0 || months[len(months)-1] != month {
			months = append(months, month)
		}
	}
	if len(days) == 0 {
		return nil
	}
	var inMonths []sms.Day
	for _, month := range months {
		y, m, _ := month.UTC().Date()
		for day := month; day < sms.Date(y, m+1, 1); day++ {
			inMonths = append(inMonths, day)
		}
	}
	f := p.deliveryFact()
	if _, err := tx.Exec(ctx, p.literal(f, days, summaryDay), pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	query := strings.ReplaceAll(summaryMonth, "{months}", dateArray(months))
	_, err := tx.Exec(ctx, p.literal(f, inMonths, query), pgx.QueryExecModeSimpleProtocol)
	return err
}
