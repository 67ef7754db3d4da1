package migrations

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverUp brings River's tables to the version of the River in the program.
func (s *session) riverUp(ctx context.Context) error {
	return s.river(ctx, func(m *rivermigrate.Migrator[pgx.Tx]) error {
		_, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

// riverDown drops River's tables.
func (s *session) riverDown(ctx context.Context) error {
	return s.river(ctx, func(m *rivermigrate.Migrator[pgx.Tx]) error {
		_, err := m.Migrate(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
		return err
	})
}

func (s *session) river(ctx context.Context, do func(*rivermigrate.Migrator[pgx.Tx]) error) error {
	config := s.config.Copy()
	config.MaxConns, config.MinConns, config.MinIdleConns = 1, 0, 0
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("river: opening connections: %w", err)
	}
	defer pool.Close()
	migrator, err := newRiver(riverpgxv5.New(pool))
	if err != nil {
		return fmt.Errorf("river: %w", err)
	}
	if err := do(migrator); err != nil {
		return fmt.Errorf("river: %w", err)
	}
	return nil
}
