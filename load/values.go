package load

import (
	"context"
	"fmt"
	"time"

	"smsetl/internal/db"
)

// querier is a pool, a connection or a transaction.
type querier = db.Querier

// answer collects the rows of a question by the order of their columns.
func answer[T any](ctx context.Context, w *Warehouse, query string, arguments ...any) ([]T, error) {
	all, err := db.All[T](ctx, w.pool, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return all, nil
}

// timeOf reads a time as the driver gives it: nil is the zero time.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
