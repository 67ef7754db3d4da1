package read

import "context"

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
func (m *Model) MonthlyRates(ctx context.Context) ([]MonthRate, error) {
	return answer[MonthRate](ctx, m, "rates by month", `
		SELECT to_char(send_date, 'YYYY-MM'),
		       vendor,
		       coalesce(sum(requested), 0)::bigint,
		       coalesce(sum(delivered), 0)::bigint,
		       (sum(delivered)::numeric / nullif(sum(requested), 0))::float8
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
func (m *Model) TopReasons(ctx context.Context, days, most int) ([]ReasonTotal, error) {
	return answer[ReasonTotal](ctx, m, "most frequent reasons", `
		SELECT vendor,
		       stage,
		       reason,
		       category,
		       sum(messages)::bigint
		FROM   sms.failure_daily
		WHERE  send_date > (SELECT max(date_key) FROM sms.fact_failure_daily) - $1::int
		GROUP  BY 1, 2, 3, 4
		ORDER  BY sum(messages) DESC NULLS LAST, 1, 2, 3
		LIMIT  $2`, days, most)
}

// ReasonRows gives how many rows stand under a failure reason, and how many messages they count.
func (m *Model) ReasonRows(ctx context.Context, reasonKey int32) (rows, messages int64, err error) {
	err = m.db.QueryRow(ctx, `
		SELECT count(*), coalesce(sum(messages), 0)::bigint
		FROM sms.fact_failure_daily
		WHERE reason_key = $1`, reasonKey).Scan(&rows, &messages)
	return rows, messages, failed("rows of a reason", err)
}
