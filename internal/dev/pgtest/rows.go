package pgtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error)
}

// fatal is a test, or the test of a property.
type fatal interface{ Fatal(arguments ...any) }

// Rows gives what a query finds as text, one line for each row: "-" for NULL, times in UTC, and without the hour where it is
// midnight.
func Rows(ctx context.Context, t fatal, q querier, query string, arguments ...any) []string {
	rows, err := q.Query(ctx, query, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		values, err := r.Values()
		texts := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case time.Time:
				texts[i] = strings.TrimSuffix(v.UTC().Format("2006-01-02 15:04:05.000000"), " 00:00:00.000000")
			case nil:
				texts[i] = "-"
			default:
				texts[i] = fmt.Sprint(v)
			}
		}
		return strings.Join(texts, " "), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Holds compares what a query finds, as Rows gives it, with the lines wanted.
func Holds(t testing.TB, q querier, what, query string, want ...string) {
	t.Helper()
	got := strings.Join(Rows(t.Context(), t, q, query), "\n")
	if want := strings.Join(want, "\n"); got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}
