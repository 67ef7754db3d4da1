package queue

import (
	"context"

	"smsetl/internal/db"
)

// failed wraps an error of the database, with what was tried.
func failed(doing string, err error) error { return db.Error("queue", doing, err) }

// collect asks a question, and reads its rows as db.All does.
func collect[T any](ctx context.Context, d db.Querier, doing, query string, arguments ...any) ([]T, error) {
	all, err := db.All[T](ctx, d, query, arguments...)
	return all, failed(doing, err)
}
