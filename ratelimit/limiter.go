package ratelimit

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

//go:embed reserve.sql
var reserveQuery string

// Horizon is how far ahead a Budget gives slots. It is what a process that dies can waste, and how long others go on after the
// vendor has asked for less. A request that Delay was told of must be so much earlier than the one which it could crowd.
const Horizon = 500 * time.Millisecond

// How long after its moment a request may still be written, and be on its way longer than the next one is.
const (
	mostLate   = 75 * time.Millisecond
	mostJitter = 40 * time.Millisecond
)

// longestPause is the longest pause that the other processes are told of. Whoever is paused cannot tell it from a server's clock that
// was put back, so it must be a time that may be waited for nothing. After it they ask the vendor, who tells them himself.
const longestPause = time.Minute

// callTimeout bounds one call of a Budget: a server that cannot be reached must not look like a full budget.
const callTimeout = 10 * time.Second

// Key names what a vendor counts together: the requests of one secret or user for one action at one host.
type Key struct {
	Vendor sms.Vendor
	Host   string // the vendor's base address
	Caller string // secret id or sms_user
	Action string
}

// hash is the budget's name in the table, which holds no secret.
func (k Key) hash() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(k.Vendor), k.Host, k.Caller, k.Action}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Budget is the shared rate limit of one key: all processes of one warehouse together keep its rate. Safe for use by many
// goroutines.
type Budget struct {
	db        *db.DB
	key       Key
	hash      string
	every     time.Duration // between two requests at the full rate
	isCounted bool          // see Options
	id        int64         // of this holder

	mu      sync.Mutex
	clock   serverClock
	settled time.Time   // when slots are used up that were there before this process came
	until   time.Time   // when slots are used up that were given before the server's clock was changed
	last    time.Time   // the last slot that was taken; zero when it is given back
	idle    *time.Timer // gives back what is used up

	taking sync.RWMutex // nothing is given back while somebody takes
}

// Options are what vendors differ in.
type Options struct {
	// IsCounted says that the vendor counts the requests of each second, and so that two processes must not crowd one. Without it
	// a process that comes while others hold slots takes the next ones at once.
	IsCounted bool
}

// New gives the shared budget of a key, of perSecond requests a second. Close it.
func New(d *db.DB, key Key, perSecond float64, options Options) *Budget {
	return &Budget{
		db: d, key: key, hash: key.hash(), every: time.Duration(float64(time.Second) / perSecond),
		isCounted: options.IsCounted, id: rand.Int64(), //nolint:gosec // a name, and no secret
	}
}

// failed wraps an error of the database, with what was tried.
func (b *Budget) failed(doing string, err error) error {
	return db.Error("ratelimit", fmt.Sprintf("%s the budget of %s %s", doing, b.key.Vendor, b.key.Action), err)
}

// Reserve takes up to most slots, in one round trip. The slots of all processes are at least the time between two requests
// apart, whoever holds them. A slot that its holder cannot use in time is given up, never used late.
func (b *Budget) Reserve(ctx context.Context, most int) (sms.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	b.taking.RLock()
	defer b.taking.RUnlock()
	slots, err := b.reserve(ctx, most)
	return slots, b.failed("reserving from", err)
}

func (b *Budget) reserve(ctx context.Context, most int) (sms.Reservation, error) {
	b.mu.Lock()
	until := b.until
	b.mu.Unlock()
	if time.Now().Before(until) {
		return sms.Reservation{Every: b.every, RetryAt: until}, nil
	}
	conn, err := b.db.Acquire(ctx) // the wait for it must not count as the answer's
	if err != nil {
		return sms.Reservation{}, err
	}
	defer conn.Release()
	isNew, err := b.readClock(ctx, conn.Conn())
	if err != nil {
		return sms.Reservation{}, err
	}
	slots, err := b.take(ctx, conn.Conn(), most, isNew)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := b.open(ctx, conn.Conn()); err != nil {
			return sms.Reservation{}, err
		}
		slots, err = b.take(ctx, conn.Conn(), most, isNew)
	}
	return slots, err
}

// take asks for slots. Nobody uses what he got in the very moment in which he saw that the server's clock was changed, or asks again
// within Horizon of it, or is given any within Horizon of his coming while there are others: they may have slots there by the clock
// as it was. When those are used up, or were given back, the clock of each process is the clock of all.
func (b *Budget) take(ctx context.Context, conn *pgx.Conn, most int, isNew bool) (sms.Reservation, error) {
	var seen, first time.Time
	var slots sms.Reservation
	var isHeld bool
	sent := time.Now()
	err := conn.QueryRow(ctx, reserveQuery, b.hash, most, b.every, Horizon, b.latency(), isNew, longestPause, b.id).
		Scan(&seen, &first, &slots.Every, &slots.Count, &isHeld)
	if err != nil {
		return sms.Reservation{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	taken := slots.Count
	if taken > 0 {
		b.settled = time.Time{} // nobody else uses the budget, or it is settled
	}
	if b.clock.observe(sent, seen, now) && b.isCounted {
		b.until = now.Add(Horizon + slots.Every)
		slots.Count = 0
	}
	slots.First, slots.RetryAt = b.clock.local(first), b.clock.local(first.Add(-Horizon))
	if taken > 0 {
		b.hold(slots.First.Add(time.Duration(taken-1) * slots.Every)) //nolint:contextcheck // they are given back long after this call
	}
	if isHeld && slots.RetryAt.Before(b.settled) {
		slots.RetryAt = b.settled
	}
	if slots.RetryAt.Before(b.until) {
		slots.RetryAt = b.until
	}
	return slots, nil
}

// open makes the budget known.
func (b *Budget) open(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `
		INSERT INTO etl.pace (budget, vendor, action, next_slot_at, share, paused_until, changed_at, holders, rest)
		VALUES ($1, $2, $3, clock_timestamp() - interval '1 minute', 1, '-infinity', clock_timestamp(), '{}', '0')
		ON CONFLICT (budget) DO NOTHING`, b.hash, b.key.Vendor, b.key.Action)
	return err
}

// readClock reads the server's clock for a process that has not done so lately, a few times when the answers are slow: slots are
// only as exact as this.
func (b *Budget) readClock(ctx context.Context, conn *pgx.Conn) (isNew bool, err error) {
	const tries = 4
	for try := range tries {
		b.mu.Lock()
		now := time.Now()
		isFresh, isExact := b.clock.isFresh(now), b.clock.uncertain <= exact
		if !isFresh && try == 0 && b.isCounted {
			b.settled = now.Add(Horizon + b.every)
		}
		isNew = now.Before(b.settled)
		b.mu.Unlock()
		if isFresh && (try == 0 || isExact) {
			break
		}
		var seen time.Time
		sent := time.Now()
		if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&seen); err != nil {
			return false, err
		}
		b.mu.Lock()
		b.clock.observe(sent, seen, time.Now())
		b.mu.Unlock()
	}
	return isNew, nil
}

// latency is how long an answer of the server needs at most, as far as is known.
func (b *Budget) latency() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return min(2*b.clock.uncertain+time.Millisecond, Horizon/2)
}

// Delay moves every slot that nobody holds yet. Call it before a request goes later than its slot says.
func (b *Budget) Delay(ctx context.Context, by time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.db.Exec(ctx, `
		UPDATE etl.pace
		SET next_slot_at = greatest(next_slot_at, clock_timestamp()) + $2::interval
		WHERE budget = $1`, b.hash, by)
	return b.failed("delaying", err)
}

// Pause keeps everybody from getting a slot for d, or for a minute when that is less: the vendor asked for time. Several processes
// that got the same answer pause once.
func (b *Budget) Pause(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.db.Exec(ctx, `
		UPDATE etl.pace
		SET next_slot_at = greatest(next_slot_at, clock_timestamp() + $2::interval)
		WHERE budget = $1`, b.hash, min(d, longestPause))
	return b.failed("pausing", err)
}

// Slower is told when the vendor says that its limit is exceeded: nobody gets a slot within the next second, and the rate
// falls by 5 %, to a tenth of the full rate at the least. Answers to requests that were already under way count once,
// whichever process got them. Each quiet minute gives one step back.
func (b *Budget) Slower(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.db.Exec(ctx, `
		UPDATE etl.pace
		SET share        = greatest(share * 0.95, 0.1),
		    changed_at   = clock_timestamp(),
		    paused_until = clock_timestamp() + interval '1 second',
		    next_slot_at = greatest(next_slot_at, clock_timestamp() + interval '1 second')
		WHERE budget = $1
		  AND clock_timestamp() NOT BETWEEN paused_until - interval '1 second' AND paused_until`, b.hash)
	return b.failed("slowing", err)
}
