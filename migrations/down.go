package migrations

import (
	"context"
	"fmt"
	"slices"
)

// down undoes steps files, or everything when that is all there is.
func (s *session) down(ctx context.Context, steps int) error {
	version, err := s.version()
	if err != nil {
		return err
	}
	applied := slices.Index(s.source.versions, version) + 1
	if steps > 0 && steps < applied {
		return s.stepsDown(steps)
	}
	if err := s.riverDown(ctx); err != nil {
		return err
	}
	if applied > 0 {
		if err := s.stepsDown(applied); err != nil {
			return err
		}
	}
	const leave = `
		DROP SCHEMA river;
		DROP TABLE etl.schema_migration, etl.migrating;
		DROP SCHEMA etl`
	if _, err := s.lock.Exec(ctx, leave); err != nil {
		return fmt.Errorf("dropping the schemas: %w", err)
	}
	return nil
}

func (s *session) stepsDown(steps int) error {
	if err := s.m.Steps(-steps); err != nil {
		return failed(err)
	}
	return nil
}

// repair puts the mark of a dirty version to where the tables are.
func (s *session) repair(ctx context.Context) (string, error) {
	var version int64
	var direction string
	err := s.conn.QueryRow(ctx, `
		SELECT coalesce(max(version), 0), coalesce(max(direction), 'up')
		FROM etl.schema_migration
		WHERE dirty`).Scan(&version, &direction)
	if err != nil {
		return "", fmt.Errorf("reading the version: %w", err)
	}
	if direction == "down" {
		return s.repairDown(version)
	}
	if version == 0 {
		return "nothing to repair: the last migration is complete", nil
	}
	if err := s.rewind(); err != nil {
		return "", err
	}
	return fmt.Sprintf("the up file of version %d had failed and was rolled back as a whole, so the tables are those of the version below: "+
		"the version is put back to it. Remove the cause, then migrate up again", version), nil
}

// repairDown puts back the mark of a down file that failed: golang-migrate had already written the version below it.
func (s *session) repairDown(version int64) (string, error) {
	all := s.source.versions
	above := slices.IndexFunc(all, func(v uint) bool { return int64(v) > version })
	if above < 0 {
		return "", fmt.Errorf("%w: version %d is dirty on the way down, and this program has no file above it", ErrNewer, version)
	}
	if err := s.m.Force(int(all[above])); err != nil {
		return "", fmt.Errorf("putting the version back to %d: %w", all[above], err)
	}
	return fmt.Sprintf("the down file of version %d had failed and was rolled back as a whole, so its tables are still there: "+
		"the version is put back to %d. Remove the cause, then migrate down again", all[above], all[above]), nil
}
