package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nextRelease is a file of the schema as a release brings it: additive, without a table rewritten, and with a view replaced.
const nextRelease = `
ALTER TABLE sms.fact_delivery_daily ADD COLUMN carrier text NULL;
COMMENT ON COLUMN sms.fact_delivery_daily.carrier IS 'name. Of the release that is upgraded to.';
CREATE TABLE etl.next_release (load_id bigint NOT NULL, CONSTRAINT next_release_pk PRIMARY KEY (load_id));
COMMENT ON TABLE  etl.next_release         IS 'loads. Of the release that is upgraded to.';
COMMENT ON COLUMN etl.next_release.load_id IS 'key. The load, etl.load.';
INSERT INTO etl.next_release SELECT load_id FROM etl.load WHERE outcome = 'loaded';
CREATE VIEW sms.next_daily AS SELECT date_key AS send_date, count(*) AS row_count FROM sms.fact_delivery_daily GROUP BY date_key;
COMMENT ON VIEW   sms.next_daily           IS 'days. Of the release that is upgraded to.';
COMMENT ON COLUMN sms.next_daily.send_date IS 'day. Of sending.';
COMMENT ON COLUMN sms.next_daily.row_count IS 'rows. Of the fact.';
SELECT etl.grant_roles();
SELECT etl.grant_pages();
`

// upgradeSchedules is how many schedules tick, each at once when the program starts to serve.
const upgradeSchedules = 4

// upgrade serves over the filled warehouse, migrates it under the running program to the release after this one, and replaces the
// program by that release's, as docs/upgrade.md says. What was promised is counted at the end.
func (b *bench) upgrade(ctx context.Context, r *report) error {
	if err := b.fresh(ctx, ""); err != nil {
		return err
	}
	counts, err := b.fillYears(ctx)
	if err != nil {
		return err
	}
	next, err := b.nextRelease(ctx)
	if err != nil {
		return err
	}
	if err := b.upgradeConfig(); err != nil {
		return err
	}
	const sums = "SELECT hashtextextended(string_agg(x::text, ''), 0) FROM (SELECT account_key, count(*), sum(requested), sum(delivered), sum(load_id) " +
		"FROM sms.fact_delivery_daily AS f JOIN sms.dim_account AS a USING (account_key) WHERE a.account <> 'bench' GROUP BY 1 ORDER BY 1) AS x"
	before, err := b.scalar(ctx, sums)
	if err != nil {
		return err
	}
	took, err := b.replaced(ctx, next)
	if err != nil {
		return err
	}
	after, err := b.scalar(ctx, sums)
	if err != nil {
		return err
	}
	r.addf("\n## An upgrade\n\n%d delivery rows. `etl serve` of this release loads %d days in windows of %d, ticked by %d schedules, while `etl migrate up` of a\n"+
		"release with one more file adds a column to the fact, a table and a view; then that release's `etl serve` starts, and the old one stops.\n\n",
		counts[0], b.days, windowDays, upgradeSchedules)
	r.targets = append(r.targets, target{fmt.Sprintf("an upgrade of %d rows under a running serve: etl migrate up", counts[0]), "shown", fmt.Sprintf("%.1f s", took.Seconds()), "shown"})
	for _, promise := range []struct{ what, query string }{
		{"ticks that did not end at their first try", "SELECT count(*) FROM river.river_job WHERE kind = 'tick' AND (state, attempt) <> ('completed', 1)"},
		{"loads that failed", "SELECT count(*) FROM etl.load WHERE outcome = 'failed'"},
		{"windows that did not end", "SELECT count(*) FROM etl.run_window WHERE ended_at IS NULL"},
		{"rows too few or too many", fmt.Sprintf("SELECT abs(%d - count(*)) FROM sms.fact_delivery_daily AS f JOIN sms.dim_account AS a USING (account_key) WHERE a.account = 'bench'", b.days*rowsPerDay)},
	} {
		n, err := b.scalar(ctx, promise.query)
		if err != nil {
			return err
		}
		r.atMost("an upgrade: "+promise.what, "%.0f", 0, float64(n))
	}
	if before != after {
		return errors.New("an upgrade changed rows that nobody loaded")
	}
	return nil
}

// upgradeConfig is one source in windows that are small enough to be under way all the time.
func (b *bench) upgradeConfig() error {
	var schedules strings.Builder
	schedules.WriteString("chunk_days: " + fmt.Sprint(windowDays) + "\nschedules:\n")
	for n := range upgradeSchedules {
		fmt.Fprintf(&schedules, "  - {name: tick-%d, cron: \"@every 1m\", time_zone: UTC, sources: [bench]}\n", n)
	}
	return b.configure("upgrade.yaml", b.http.URL, schedules.String())
}

// nextRelease builds the program of a release that comes after this one: the committed tree and a file more.
func (b *bench) nextRelease(ctx context.Context) (string, error) {
	source, program := filepath.Join(b.dir, "next"), filepath.Join(b.dir, "etl-next")
	if out, err := exec.CommandContext(ctx, "git", "clone", "-q", ".", source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("git clone: %w: %s", err, out)
	}
	for name, text := range map[string]string{
		"up":   nextRelease,
		"down": "DROP VIEW sms.next_daily;\nDROP TABLE etl.next_release;\nALTER TABLE sms.fact_delivery_daily DROP COLUMN carrier;\n",
	} {
		if err := os.WriteFile(filepath.Join(source, "migrations", "0141_next."+name+".sql"), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return program, build(ctx, source, program)
}

// replaced does the upgrade, and waits until everything that was begun has ended. It gives how long the migration took.
func (b *bench) replaced(ctx context.Context, next string) (took time.Duration, err error) {
	serve := []string{"serve", "--config", "upgrade.yaml", "--listen", "none", "--now", b.vendor.date(b.days) + "T10:00:00Z"}
	old, err := b.begin(b.etl(ctx, serve...), "serve-old.log")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, old()) }()
	if err := b.until(ctx, "a load", "SELECT 1 - count(*) FROM (SELECT FROM etl.load WHERE loaded_at > now() - interval '1 hour' LIMIT 1) AS l"); err != nil {
		return 0, err
	}
	s, err := b.run(b.command(ctx, next, "migrate", "up"))
	if err != nil {
		return 0, err
	}
	renewed, err := b.begin(b.command(ctx, next, serve...), "serve-next.log")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, renewed()) }()
	if err := b.until(ctx, "the new program", "SELECT 2 - count(*) FROM etl.worker"); err != nil {
		return 0, err
	}
	if err := old(); err != nil {
		return 0, err
	}
	old = func() error { return nil }
	err = b.until(ctx, "two ticks of each schedule", fmt.Sprintf("SELECT greatest(0, %d - count(*)) + count(*) FILTER (WHERE finalized_at IS NULL) FROM river.river_job WHERE kind = 'tick'", 2*upgradeSchedules))
	if err != nil {
		return 0, err
	}
	return s.wall, b.until(ctx, "every window", "SELECT count(*) FROM etl.run_window WHERE ended_at IS NULL")
}

// begin starts a program. What it gives stops it, and says how it ended.
func (b *bench) begin(cmd *exec.Cmd, name string) (end func() error, err error) {
	printed, err := os.Create(filepath.Join(b.dir, name))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, printed.Close())
	}
	return func() error {
		err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait(), printed.Close())
		if err != nil {
			text, _ := os.ReadFile(printed.Name()) // for the message
			err = fmt.Errorf("%s: %w: %s", name, err, text)
		}
		return err
	}, nil
}

// until waits for a number to be 0.
func (b *bench) until(ctx context.Context, what, query string) error {
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if n, err := b.scalar(ctx, query); err != nil || n <= 0 {
			return err
		}
	}
	return fmt.Errorf("five minutes were not enough for %s", what)
}
