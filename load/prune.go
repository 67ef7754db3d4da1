package load

import (
	"context"
	_ "embed"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/raw_prunable.sql
var rawPrunable string

// pruneAtOnce is how many answers one transaction throws away: a load that wants one of them again waits that long.
const pruneAtOnce = 500

// Pruned is what was thrown away, or would be.
type Pruned struct {
	Answers int64
	Packed  int64 // bytes as they were stored
	Size    int64 // bytes unpacked
}

func (p *Pruned) add(all []prunable) {
	for _, one := range all {
		p.Answers++
		p.Packed += one.Packed
		p.Size += one.Size
	}
}

// prunable is an answer that nobody needs. The names are the columns'.
type prunable struct {
	Hash   []byte
	Packed int64
	Size   int64
}

// PruneRaw throws the bytes of answers away that were fetched before the time given for the source of their account. A
// source that is not named keeps everything. What a day's rows rest on is kept however old it is, and so is the answer that
// a day was last doubted for, so every day can always be built again. The line of an answer stays, with its hash.
func (w *Warehouse) PruneRaw(ctx context.Context, before map[string]time.Time, dryRun bool) (Pruned, error) {
	const doing = "throwing old answers away"
	var pruned Pruned
	sources := slices.Sorted(maps.Keys(before))
	times := make([]time.Time, len(sources))
	for i, source := range sources {
		times[i] = before[source]
	}
	after := []byte{}
	for {
		batch, err := findPrunable(ctx, w.pool, sources, times, after, nil)
		if err != nil {
			return pruned, failed(doing, err)
		}
		if len(batch) == 0 {
			return pruned, nil
		}
		after = batch[len(batch)-1].Hash
		if !dryRun {
			if batch, err = w.prune(ctx, sources, times, batch); err != nil {
				return pruned, failed(doing, err)
			}
		}
		pruned.add(batch)
	}
}

func findPrunable(ctx context.Context, db querier, sources []string, before []time.Time, after []byte, only [][]byte) ([]prunable, error) {
	rows, err := db.Query(ctx, rawPrunable, sources, before, after, only, pruneAtOnce)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[prunable])
}

// prune throws a batch away, but for what is needed again since it was found: once the lines are locked, no load can point
// at them any more before this is over, and what has pointed at them is seen by the next statement.
func (w *Warehouse) prune(ctx context.Context, sources []string, before []time.Time, batch []prunable) ([]prunable, error) {
	hashes := make([][]byte, len(batch))
	for i := range batch {
		hashes[i] = batch[i].Hash
	}
	var gone []prunable
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT hash
			FROM etl.raw
			WHERE hash = ANY ($1)
			ORDER BY hash
			FOR UPDATE SKIP LOCKED`, hashes)
		if err != nil {
			return err
		}
		locked, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return err
		}
		if gone, err = findPrunable(ctx, tx, sources, before, []byte{}, locked); err != nil {
			return err
		}
		var unneeded [][]byte
		for i := range gone {
			unneeded = append(unneeded, gone[i].Hash)
		}
		_, err = tx.Exec(ctx, `
			UPDATE etl.raw
			SET packed    = NULL,
			    pruned_at = clock_timestamp()
			WHERE hash = ANY ($1)`, unneeded)
		return err
	})
	return gone, err
}
