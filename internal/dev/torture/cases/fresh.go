package cases

import (
	"context"
	"fmt"
	"time"

	"smsetl/internal/db"
)

// Fresh makes a database that has the schema and nothing else, and gives its address and what drops it again.
func (s *Stage) Fresh(ctx context.Context) (address string, drop func() error, err error) {
	template, err := s.template(ctx, &Scenario{})
	if err != nil {
		return "", nil, err
	}
	s.number++
	name := fmt.Sprintf("torture_%d", s.number)
	drop = func() error { return s.server.drop(context.WithoutCancel(ctx), name) }
	return s.server.database(name), drop, s.server.create(ctx, name, template)
}

// Differences lists rows that only the warehouse or only the truth has, of days before the last.
func Differences[D, F any](ctx context.Context, q db.Querier, deliveries []D, failures []F, last time.Time) ([]string, error) {
	t, err := marshalled(deliveries, failures, "")
	if err != nil {
		return nil, err
	}
	return unequal(ctx, q, t, last)
}
