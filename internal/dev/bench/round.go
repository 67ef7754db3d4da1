package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// sample is one measured path.
type sample struct {
	run
	wal      int64 // bytes of write-ahead log
	inserted int64 // tuples of facts and dimensions
	updated  int64
	deleted  int64
}

// round measures every path once, the limit among them, so that a noisy moment hits both sides.
func (b *bench) round(ctx context.Context, r *report) error {
	if err := b.fresh(ctx); err != nil {
		return err
	}
	b.vendor.change.Store(0)
	b.vendor.spaced.Store(false)
	year := []string{"backfill", "--dataset", "stats_day", "--from", firstDay, "--to", b.vendor.first.AddDate(0, 0, b.days-1).Format(time.DateOnly)}
	again := append(slices.Clip(year), "--refetch")

	first, err := b.path(ctx, "first load", year...)
	if err != nil {
		return err
	}
	r.first = append(r.first, first)
	limit, err := b.limit(ctx, r)
	if err != nil {
		return err
	}
	r.limit = append(r.limit, limit)
	same, err := b.path(ctx, "identical re-load, same bytes", again...)
	if err != nil {
		return err
	}
	r.same = append(r.same, same)
	b.vendor.spaced.Store(true)
	compared, err := b.path(ctx, "identical re-load, every row compared", again...)
	if err != nil {
		return err
	}
	r.compared = append(r.compared, compared)
	b.vendor.change.Store(1)
	changed, err := b.path(ctx, "1 % of the rows changed", again...)
	r.changed = append(r.changed, changed)
	return err
}

// fresh gives the round a database of its own, with the schema and nothing else.
func (b *bench) fresh(ctx context.Context) error {
	if err := b.conn.Close(ctx); err != nil {
		return err
	}
	admin, err := pgx.Connect(ctx, b.server.AdminURL())
	if err != nil {
		return err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{"DROP DATABASE IF EXISTS bench WITH (FORCE)", "CREATE DATABASE bench TEMPLATE smsetl", "CHECKPOINT"} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return err
		}
	}
	u, err := url.Parse(b.server.URL())
	if err != nil {
		return err
	}
	u.Path = "/bench"
	b.url = u.String()
	b.conn, err = pgx.Connect(ctx, b.url)
	return err
}

// path runs the product once and reads off what it wrote.
func (b *bench) path(ctx context.Context, name string, arguments ...string) (sample, error) {
	if err := b.exec(ctx, "CHECKPOINT"); err != nil {
		return sample{}, err
	}
	before, err := b.written(ctx)
	if err != nil {
		return sample{}, err
	}
	ran, err := b.etl(ctx, arguments...)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", name, err)
	}
	time.Sleep(300 * time.Millisecond) // the statistics of a session arrive when it has ended
	after, err := b.written(ctx)
	if err != nil {
		return sample{}, err
	}
	s := sample{
		run: ran, wal: after.wal - before.wal, inserted: after.inserted - before.inserted,
		updated: after.updated - before.updated, deleted: after.deleted - before.deleted,
	}
	sayf("%-40s %6.2f s  %4d MB  WAL %7.1f MB  tuples +%d ~%d -%d", name, s.wall.Seconds(), s.memory>>20, float64(s.wal)/1e6, s.inserted, s.updated, s.deleted)
	return s, nil
}

func (b *bench) written(ctx context.Context) (sample, error) {
	var s sample
	if err := b.exec(ctx, "SELECT pg_stat_clear_snapshot()"); err != nil {
		return s, err
	}
	err := b.conn.QueryRow(ctx, `
		SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
		       coalesce(sum(n_tup_ins), 0)::bigint,
		       coalesce(sum(n_tup_upd), 0)::bigint,
		       coalesce(sum(n_tup_del), 0)::bigint
		FROM   pg_stat_user_tables
		WHERE  schemaname = 'sms'
		  AND  relname ~ '^(fact|dim)_'`).Scan(&s.wal, &s.inserted, &s.updated, &s.deleted)
	return s, err
}

// factColumns are the columns of the fact that is copied, all of them, on one line as psql's \copy wants it.
const factColumns = "date_key, account_key, template_key, label_key, message_type_key, requested, accepted, processing_failed, " +
	"delivered, send_failed, pending, billed_segments, vendor_sent, load_id, restated_at, country_key"

// limit copies the rows that the product has just loaded into an empty fact of the same shape, without its foreign keys:
// their triggers alone cost ten times the copy, and the loader vouches for its keys instead. The copy with them is measured
// once, for the record.
func (b *bench) limit(ctx context.Context, r *report) (time.Duration, error) {
	file := filepath.Join(b.dir, "rows.csv")
	if _, err := b.psql(ctx, `\copy (SELECT `+factColumns+` FROM sms.fact_delivery_daily ORDER BY 1, 2, 3, 4, 5, 16) TO '`+file+`' CSV`); err != nil {
		return 0, err
	}
	if err := b.exec(ctx, "CREATE TABLE sms.bare (LIKE sms.fact_delivery_daily INCLUDING ALL)", "CHECKPOINT"); err != nil {
		return 0, err
	}
	took, err := b.psql(ctx, `\copy sms.bare (`+factColumns+`) FROM '`+file+`' CSV`)
	if err != nil {
		return 0, err
	}
	sayf("%-40s %6.2f s", `limit: psql \copy`, took.Seconds())
	if err := b.exec(ctx, "DROP TABLE sms.bare"); err != nil || r.withKeys > 0 {
		return took, err
	}
	return took, b.limitWithKeys(ctx, file, r)
}

func (b *bench) limitWithKeys(ctx context.Context, file string, r *report) error {
	rows, err := b.conn.Query(ctx, `
		SELECT format('ALTER TABLE sms.bound ADD %s', pg_get_constraintdef(oid))
		FROM   pg_constraint
		WHERE  conrelid = 'sms.fact_delivery_daily'::regclass
		  AND  contype = 'f'`)
	if err != nil {
		return err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	statements := append([]string{"CREATE TABLE sms.bound (LIKE sms.fact_delivery_daily INCLUDING ALL)"}, keys...)
	if err := b.exec(ctx, append(statements, "CHECKPOINT")...); err != nil {
		return err
	}
	if r.withKeys, err = b.psql(ctx, `\copy sms.bound (`+factColumns+`) FROM '`+file+`' CSV`); err != nil {
		return err
	}
	sayf("%-40s %6.2f s", `psql \copy with its foreign keys`, r.withKeys.Seconds())
	return b.exec(ctx, "DROP TABLE sms.bound")
}
