package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
)

// loadPaths are the ways in which the same days come, each with its most in limits.
var loadPaths = []struct {
	name   string
	answer int32
	most   float64
}{
	{"first load", plain, 1.5},
	{"identical bytes", plain, 0.25},
	{"identical rows in other bytes", otherBytes, 0.9},
	{"1 % of the rows changed on every day", changed, 1.2},
}

// backfillOf gives the arguments that load days by their numbers, both inside.
func (b *bench) backfillOf(first, last int) []string {
	return []string{"backfill", "--from", b.vendor.date(first), "--to", b.vendor.date(last)}
}

// loads measures every path and the limit once in a round, so that a noisy moment hits both sides; the limit twice but in the last.
func (b *bench) loads(ctx context.Context, r *report) error {
	b.vendor.mark()
	defer b.vendor.answer.Store(plain)
	var limits []sample
	paths := make([][]sample, len(loadPaths))
	peers, err := b.findPeers(ctx)
	if err != nil {
		return err
	}
	for round := range b.rounds {
		if err := b.fresh(ctx, ""); err != nil {
			return err
		}
		for i, p := range loadPaths {
			b.vendor.answer.Store(p.answer)
			arguments := b.backfillOf(0, b.days-1)
			if i > 0 {
				arguments = append(arguments, "--refetch")
			}
			s, err := b.path(ctx, p.name, b.etl(ctx, arguments...))
			if err != nil {
				return err
			}
			paths[i] = append(paths[i], s)
			if i%2 == 1 || len(limits) == 2*b.rounds-1 {
				continue
			}
			if s, err = b.limit(ctx); err != nil {
				return err
			}
			limits = append(limits, s)
		}
		if round > 0 {
			continue // six minutes each time
		}
		for _, p := range peers {
			p.round(ctx, b)
		}
	}
	limit := middle(limits)
	r.addf("\n## First load and re-loads\n\n%d delivery rows, %d days of %d, %.0f MB of EngageLab JSON over HTTP on loopback. The product is the built\n"+
		"binary run as a process of its own (`etl backfill`), from its start to its end: HTTP, raw answers, queue, dimensions, ledger,\n"+
		"history and summaries included. The limit is `psql \\copy` of the same rows as CSV into an empty table like the fact, primary key included.\n"+
		"Medians: of %d of the limit and of %d of each path, in turn. Re-loads lie hours apart in the eyes of the rate budget: one that starts\n"+
		"within ten seconds of another waits half a second more.\n\n",
		b.days*rowsPerDay, b.days, rowsPerDay, mb(b.vendor.size(b.days)), len(limits), b.rounds)
	r.table("path")
	r.row("limit", limit, limit)
	for i, p := range loadPaths {
		r.atMost(p.name, "%.2f x limit", p.most, r.row(p.name, limit, middle(paths[i])))
	}
	same := middle(paths[1])
	r.atMost("identical bytes: write-ahead log", "%.2f MB", 1, mb(same.wal))
	r.atMost("identical bytes: tuples of facts and dimensions", "%.0f", 0, float64(same.inserted+same.updated+same.deleted))
	r.addf("\nIn the third path the answers' bytes differ, so they are stored anew: the write-ahead log is theirs. The database and the vendor run on\n" +
		"the same cores. What `psql \\copy` does not do and the product does on every byte: HTTP, SHA-256, zstd both ways, decoding JSON.\n")
	peerTable(r, limit, middle(paths[0]), same, peers)
	return b.pages(ctx, r, shown{what: "the year of large days", config: "schedules.yaml", now: b.vendor.date(b.days) + "T20:00:00Z"})
}

// factColumns are the columns of the fact that is copied, all of them, on one line as psql's \copy wants it.
const factColumns = "date_key, account_key, template_key, label_key, message_type_key, requested, accepted, processing_failed, " +
	"delivered, send_failed, pending, billed_segments, vendor_sent, load_id, restated_at, country_key"

// limit copies the rows that the product has loaded into an empty fact of the same shape.
func (b *bench) limit(ctx context.Context) (sample, error) {
	file := filepath.Join(b.dir, "rows.csv")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		dump := `\copy (SELECT ` + factColumns + ` FROM sms.fact_delivery_daily ORDER BY 1, 2, 3, 4, 5, 16) TO '` + file + `' CSV`
		if _, err := b.run(b.psql(ctx, dump)); err != nil {
			return sample{}, err
		}
	}
	return b.copied(ctx, "CREATE TABLE etl.bare (LIKE sms.fact_delivery_daily INCLUDING ALL)", `\copy etl.bare (`+factColumns+`) FROM '`+file+`' CSV`)
}

// copied measures a \copy into the table etl.bare, which it makes and drops.
func (b *bench) copied(ctx context.Context, table, command string) (sample, error) {
	if err := b.exec(ctx, table); err != nil {
		return sample{}, err
	}
	s, err := b.path(ctx, `limit: psql \copy`, b.psql(ctx, command))
	if err != nil {
		return s, err
	}
	return s, b.exec(ctx, "DROP TABLE etl.bare")
}

// windowDays is the length of the windows whose number is varied.
const windowDays = 3

// peaks measures whether memory grows with the number of windows.
func (b *bench) peaks(ctx context.Context, r *report) error {
	if err := b.configure("windows.yaml", b.http.URL, fmt.Sprintf("chunk_days: %d", windowDays)); err != nil {
		return err
	}
	// Windows are cut at multiples of their length since 1970.
	first := windowDays - int(b.vendor.first.Unix()/86400%windowDays)
	r.addf("\n## Memory\n\nBackfills in windows of %d days, %d rows each; the most of %d rounds.\n\n| windows | peak memory, MiB |\n|---|---|\n",
		windowDays, windowDays*rowsPerDay, b.rounds)
	var most []int64
	for _, windows := range b.windows {
		var samples []sample
		for range b.rounds {
			if err := b.fresh(ctx, ""); err != nil {
				return err
			}
			arguments := append(b.backfillOf(first, first+windows*windowDays-1), "--config", "windows.yaml")
			s, err := b.path(ctx, fmt.Sprintf("%d windows", windows), b.etl(ctx, arguments...))
			if err != nil {
				return err
			}
			samples = append(samples, s)
		}
		most = append(most, peak(samples))
		r.addf("| %d | %.0f |\n", windows, mib(peak(samples)))
		r.atMost(fmt.Sprintf("peak memory of %d windows", windows), "%.0f MiB", 128, mib(peak(samples)))
	}
	r.atMost("peak memory, more windows beside fewer", "%.2f x", 1.2, float64(most[1])/float64(most[0]))
	return nil
}

// The days of a large account with failures.
const (
	roleRows     = 11_112
	roleFailures = 2_223
)

// role loads the same as a superuser and as a role that owns the database and nothing else.
func (b *bench) role(ctx context.Context, r *report) error {
	served := httptest.NewServer(newVendor(b.roleDays, roleRows, roleFailures))
	defer served.Close()
	if err := b.configure("role.yaml", served.URL, ""); err != nil {
		return err
	}
	arguments := append(b.backfillOf(0, b.roleDays-1), "--config", "role.yaml")
	samples := map[string][]sample{}
	for range b.rounds {
		for _, role := range []string{"", ordinary} {
			if err := b.fresh(ctx, role); err != nil {
				return err
			}
			s, err := b.path(ctx, "large account, role "+role, b.etl(ctx, arguments...))
			if err != nil {
				return err
			}
			samples[role] = append(samples[role], s)
		}
	}
	deliveries, err := b.scalar(ctx, "SELECT count(*) FROM sms.fact_delivery_daily")
	if err != nil {
		return err
	}
	failures, err := b.scalar(ctx, "SELECT count(*) FROM sms.fact_failure_daily")
	if err != nil {
		return err
	}
	super := middle(samples[""])
	r.addf("\n## An ordinary role\n\n%d delivery and %d failure rows of one account in %d days, loaded by a superuser (the limit) and by a role that owns the\n"+
		"database and nothing else, in turn; medians of %d.\n\n", deliveries, failures, b.roleDays, b.rounds)
	r.table("role")
	r.row("superuser", super, super)
	r.atMost("an ordinary role beside a superuser", "%.2f x", 1.1, r.row("owner of the database", super, middle(samples[ordinary])))
	r.atMost("peak memory of an ordinary role", "%.0f MiB", 128, mib(peak(samples[ordinary])))
	return nil
}
