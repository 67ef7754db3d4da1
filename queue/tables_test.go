package queue_test

import "testing"

// The statements in tables.go and sql know River's tables. A River that changes them has to be looked at before it is
// used: the version is that of its newest migration, and the columns are those of the tables that are named here.
func TestRiverIsTheOneThatTheseStatementsKnow(t *testing.T) {
	t.Parallel()
	wh, _ := open(t)
	same(t, "newest migration", dump(t, wh.Pool(), `SELECT max(version) FROM river.river_migration WHERE line = 'main'`), "8")
	same(t, "columns", dump(t, wh.Pool(), `
		SELECT table_name, string_agg(column_name || ' ' || udt_name, ', ' ORDER BY column_name)
		FROM information_schema.columns
		WHERE table_schema = 'river'
		  AND table_name IN ('river_job', 'river_leader', 'river_queue')
		GROUP BY table_name
		ORDER BY table_name`),
		"river_job args jsonb, attempt int2, attempted_at timestamptz, attempted_by _text, created_at timestamptz, "+
			"errors _jsonb, finalized_at timestamptz, id int8, kind text, max_attempts int2, metadata jsonb, priority int2, "+
			"queue text, scheduled_at timestamptz, state river_job_state, tags _varchar, unique_key bytea, unique_states bit",
		"river_leader elected_at timestamptz, expires_at timestamptz, leader_id text, name text",
		"river_queue created_at timestamptz, metadata jsonb, name text, paused_at timestamptz, updated_at timestamptz")
	same(t, "states", dump(t, wh.Pool(), `SELECT array_to_string(enum_range(NULL::river.river_job_state), ', ')`),
		"available, cancelled, completed, discarded, pending, retryable, running, scheduled")
}
