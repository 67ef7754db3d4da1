package raw

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// pruneAtOnce is how many answers one transaction throws away: a load that wants one of them again waits that long.
const pruneAtOnce = 500

// Pruned is what was thrown away, or would be.
type Pruned struct {
	Answers int64
	Packed  int64 // bytes as they were stored
	Size    int64 // bytes unpacked
}

// prunable is an answer that nobody needs.
type prunable struct {
	Hash         sms.Hash
	Packed, Size int64
}

// Prune throws the bytes of answers away that were fetched before the time given for the source of their account. A
// source that is not named keeps everything. What a day's rows rest on is kept however old it is, and so is the answer that
// a day was last doubted for, so every day can always be built again. The line of an answer stays, with its hash.
func Prune(ctx context.Context, d *db.DB, before map[string]time.Time, dryRun bool) (Pruned, error) {
	const doing = "throwing old answers away"
	var done Pruned
	p := pruning{sources: slices.Sorted(maps.Keys(before))}
	for _, source := range p.sources {
		p.before = append(p.before, before[source])
	}
	after := []byte{}
	for {
		batch, err := p.find(ctx, d, after, nil)
		if err != nil || len(batch) == 0 {
			return done, failed(doing, err)
		}
		after = slices.Clone(batch[len(batch)-1].Hash[:])
		if !dryRun {
			if batch, err = p.prune(ctx, d, batch); err != nil {
				return done, failed(doing, err)
			}
		}
		for _, one := range batch {
			done.Answers++
			done.Packed += one.Packed
			done.Size += one.Size
		}
	}
}

// pruning says before when the answers of each source are old.
type pruning struct {
	sources []string
	before  []time.Time
}

func (p pruning) find(ctx context.Context, q db.Querier, after []byte, only []sms.Hash) ([]prunable, error) {
	return db.All[prunable](ctx, q, statement("prunable"), p.sources, p.before, after, only, pruneAtOnce)
}

// prune throws a batch away, but for what is needed again since it was found: once the lines are locked, no load can point
// at them any more before this is over, and what has pointed at them is seen by the next statement.
func (p pruning) prune(ctx context.Context, d *db.DB, batch []prunable) (gone []prunable, err error) {
	err = pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		locked, err := db.All[sms.Hash](ctx, tx, `
			SELECT hash
			FROM etl.raw
			WHERE hash = ANY ($1)
			ORDER BY hash
			FOR UPDATE SKIP LOCKED`, hashes(batch))
		if err != nil {
			return err
		}
		if gone, err = p.find(ctx, tx, []byte{}, locked); err != nil {
			return err
		}
		return drop(ctx, tx, hashes(gone))
	})
	return gone, err
}

func hashes(all []prunable) []sms.Hash {
	named := make([]sms.Hash, len(all))
	for i := range all {
		named[i] = all[i].Hash
	}
	return named
}

func drop(ctx context.Context, tx pgx.Tx, all []sms.Hash) error {
	_, err := tx.Exec(ctx, `
		UPDATE etl.raw
		SET packed    = NULL,
		    pruned_at = clock_timestamp()
		WHERE hash = ANY ($1)`, all)
	return err
}

// DropUnused throws bytes away that no answer and no push points at any more. They are locked first, so that whoever brings the
// same bytes just now is seen, or sees that they are gone.
func DropUnused(ctx context.Context, tx pgx.Tx, all []sms.Hash) error {
	if _, err := tx.Exec(ctx, `SELECT FROM etl.raw WHERE hash = ANY ($1) ORDER BY hash FOR UPDATE`, all); err != nil {
		return err
	}
	unused, err := db.All[sms.Hash](ctx, tx, `
		SELECT hash
		FROM unnest($1::bytea[]) AS u (hash)
		WHERE NOT EXISTS (SELECT FROM etl.huawei_push AS p WHERE p.hash = u.hash)
		  AND NOT EXISTS (SELECT FROM etl.fetch AS f WHERE f.hash = u.hash)`, all)
	if err != nil {
		return err
	}
	return drop(ctx, tx, unused)
}
