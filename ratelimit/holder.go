package ratelimit

import (
	"context"
	"time"
)

// sliding is how long a request counts.
const sliding = time.Second

// hold notes that slots are held, the last of them then. When all are used up for a second they are given back, so that nobody
// who comes waits for them. Call it with mu held.
func (b *Budget) hold(last time.Time) {
	if last.After(b.last) {
		b.last = last
	}
	if !b.isCounted {
		return
	}
	wait := time.Until(b.last) + mostLate + max(sliding, b.every+mostJitter)
	if b.idle == nil {
		b.idle = time.AfterFunc(wait, func() {
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			_ = b.giveBack(ctx, true) // whoever comes waits for slots of which nobody said that they are used up
		})
		return
	}
	b.idle.Reset(wait)
}

// Close says that no request will go any more, so that whoever comes need not wait for slots that this process holds. The slots of
// a process that could not say so are waited for, until they must be used up.
func (b *Budget) Close(ctx context.Context) error {
	b.mu.Lock()
	if b.idle != nil {
		b.idle.Stop()
	}
	b.mu.Unlock()
	return b.giveBack(ctx, false)
}

// giveBack strikes this process off the holders; onlyIdle leaves it there while a slot of it counts. A request that went just now
// keeps its distance to the next one, by whatever process: it is stored as a time to wait, and not as a moment, which a changed
// clock would move.
func (b *Budget) giveBack(ctx context.Context, onlyIdle bool) error {
	b.taking.Lock()
	defer b.taking.Unlock()
	b.mu.Lock()
	last := b.last
	b.mu.Unlock()
	if last.IsZero() || onlyIdle && time.Since(last) < sliding {
		return nil
	}
	distance := b.every + mostJitter
	rest := min(time.Until(last)+mostLate+distance, distance)
	if rest > Horizon/2 {
		return nil // nobody could take a slot so far ahead
	}
	_, err := b.db.Exec(ctx, `
		UPDATE etl.pace
		SET holders = array_remove(holders, $2),
		    rest    = greatest(rest, $3::interval)
		WHERE budget = $1
		  AND holders @> ARRAY[$2::bigint]`, b.hash, b.id, max(rest, 0))
	if err != nil {
		return b.failed("giving back", err)
	}
	b.mu.Lock()
	b.last = time.Time{}
	b.mu.Unlock()
	return nil
}
