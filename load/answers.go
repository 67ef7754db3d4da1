package load

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// MonthRate is what a vendor did in one month. Unit: messages; DeliveryRate is delivered over requested, summed before it is
// divided, nil where nothing was requested.
type MonthRate struct {
	Month        string // yyyy-MM
	Vendor       string
	Requested    int64
	Delivered    int64
	DeliveryRate *float64
}

// MonthlyRates answers the first question of most analysts: delivery rate by vendor and month, oldest first.
func (w *Warehouse) MonthlyRates(ctx context.Context) ([]MonthRate, error) {
	return answer[MonthRate](ctx, w, `
		SELECT to_char(send_date, 'YYYY-MM')                                   AS month,
		       vendor,
		       coalesce(sum(requested), 0)::bigint                             AS requested,
		       coalesce(sum(delivered), 0)::bigint                             AS delivered,
		       (sum(delivered)::numeric / nullif(sum(requested), 0))::float8   AS delivery_rate
		FROM   sms.delivery_daily
		GROUP  BY 1, 2
		ORDER  BY 1, 2`)
}

// ReasonTotal is how many messages failed for one reason.
type ReasonTotal struct {
	Vendor   string
	Stage    string
	Reason   string
	Category string
	Messages int64
}

// TopReasons answers the second question: why messages fail, the most frequent reasons of the last days days that hold
// failures first.
func (w *Warehouse) TopReasons(ctx context.Context, days, most int) ([]ReasonTotal, error) {
	return answer[ReasonTotal](ctx, w, `
		SELECT vendor,
		       stage,
		       reason,
		       category,
		       sum(messages)::bigint AS messages
		FROM   sms.failure_daily
		WHERE  send_date > (SELECT max(date_key) FROM sms.fact_failure_daily) - $1::int
		GROUP  BY 1, 2, 3, 4
		ORDER  BY sum(messages) DESC NULLS LAST, 1, 2, 3
		LIMIT  $2`, days, most)
}

// answer collects the rows of a question by the names of their columns.
func answer[T any](ctx context.Context, w *Warehouse, query string, arguments ...any) ([]T, error) {
	rows, err := w.pool.Query(ctx, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return all, nil
}
