package load

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/pace_reserve.sql
var paceReserveQuery string

// Reach is how far ahead a Pace gives slots. It is what a process that dies can waste, and how long others go on after the
// vendor has asked for less. A request that Delay was told of must be so much earlier than the one which it could crowd.
const Reach = 500 * time.Millisecond

// mostPaused is the longest pause that the other processes are told of. Whoever is paused cannot tell it from a server's clock that
// was put back, so it must be a time that may be waited for nothing. After it they ask the vendor, who tells them himself.
const mostPaused = time.Minute

// paceTimeout bounds one call of a Pace: a server that cannot be reached must not look like a full budget.
const paceTimeout = 10 * time.Second

// Budget names what a vendor counts together: the requests of one secret or user for one action at one host.
type Budget struct {
	Vendor sms.Vendor
	Host   string // the vendor's base address
	Caller string // secret id or sms_user
	Action string
}

// key is the budget's name in the table, which holds no secret.
func (b Budget) key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(b.Vendor), b.Host, b.Caller, b.Action}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Pace gives the requests of one budget their time, so that all processes of one warehouse together keep its rate. Safe for
// use by many goroutines.
type Pace struct {
	warehouse *Warehouse
	budget    Budget
	key       string
	every     time.Duration // between two requests at the full rate

	mu      sync.Mutex
	clock   serverClock
	settled time.Time // when slots by an unknown clock of the server are used up
}

// Pace gives the shared pace of a budget, of perSecond requests a second.
func (w *Warehouse) Pace(b Budget, perSecond float64) *Pace {
	return &Pace{warehouse: w, budget: b, key: b.key(), every: time.Duration(float64(time.Second) / perSecond)}
}

func (p *Pace) String() string {
	return "the pace of " + string(p.budget.Vendor) + " " + p.budget.Action
}

// Reserve takes up to most slots, in one round trip. The slots of all processes are at least the time between two requests
// apart, whoever holds them. A slot that its holder cannot use in time is given up, never used late.
func (p *Pace) Reserve(ctx context.Context, most int) (sms.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, paceTimeout)
	defer cancel()
	slots, err := p.reserve(ctx, most)
	return slots, failed("reserving "+p.String(), err)
}

func (p *Pace) reserve(ctx context.Context, most int) (sms.Reservation, error) {
	conn, err := p.warehouse.pool.Acquire(ctx) // the wait for it must not count as the answer's
	if err != nil {
		return sms.Reservation{}, err
	}
	defer conn.Release()
	isNew, err := p.look(ctx, conn.Conn())
	if err != nil {
		return sms.Reservation{}, err
	}
	slots, err := p.take(ctx, conn.Conn(), most, isNew)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := p.open(ctx, conn.Conn()); err != nil {
			return sms.Reservation{}, err
		}
		slots, err = p.take(ctx, conn.Conn(), most, isNew)
	}
	return slots, err
}

// take asks for slots. Nobody uses what he got in the very moment in which he saw that the server's clock was changed, or within
// Reach of his coming: others may have slots there by the clock as it was. When those are used up, the clock of each process is
// the clock of all.
func (p *Pace) take(ctx context.Context, conn *pgx.Conn, most int, isNew bool) (sms.Reservation, error) {
	var seen, first time.Time
	var slots sms.Reservation
	sent := time.Now()
	err := conn.QueryRow(ctx, paceReserveQuery, p.key, most, p.every, Reach, p.way(), isNew, mostPaused).Scan(&seen, &first, &slots.Every, &slots.Count)
	if err != nil {
		return sms.Reservation{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if slots.Count > 0 {
		p.settled = time.Time{} // nobody else uses the budget, or it is settled
	}
	if p.clock.saw(sent, seen, now) {
		p.settled = now.Add(Reach + slots.Every)
		slots.Count = 0
	}
	slots.First, slots.Again = p.clock.local(first), p.clock.local(first.Add(-Reach))
	if slots.Count == 0 && slots.Again.Before(p.settled) {
		slots.Again = p.settled
	}
	return slots, nil
}

// open makes the budget known.
func (p *Pace) open(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `
		INSERT INTO etl.pace (budget, vendor, action, next_slot_at, share, paused_until, changed_at)
		VALUES ($1, $2, $3, clock_timestamp() - interval '1 minute', 1, '-infinity', clock_timestamp())
		ON CONFLICT (budget) DO NOTHING`, p.key, p.budget.Vendor, p.budget.Action)
	return err
}

// look reads the server's clock for a process that has not done so lately, a few times when the answers are slow: slots are
// only as exact as this.
func (p *Pace) look(ctx context.Context, conn *pgx.Conn) (isNew bool, err error) {
	const looks = 4
	for try := range looks {
		p.mu.Lock()
		now := time.Now()
		isFresh, isExact := p.clock.isFresh(now), p.clock.uncertain <= exact
		if !isFresh && try == 0 {
			p.settled = now.Add(Reach + p.every)
		}
		isNew = now.Before(p.settled)
		p.mu.Unlock()
		if isFresh && (try == 0 || isExact) {
			break
		}
		var seen time.Time
		sent := time.Now()
		if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&seen); err != nil {
			return false, err
		}
		p.mu.Lock()
		p.clock.saw(sent, seen, time.Now())
		p.mu.Unlock()
	}
	return isNew, nil
}

// way is how long an answer of the server needs at most, as far as is known.
func (p *Pace) way() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(2*p.clock.uncertain+time.Millisecond, Reach/2)
}

// Delay moves every slot that nobody holds yet. Call it before a request goes later than its slot says.
func (p *Pace) Delay(ctx context.Context, by time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, paceTimeout)
	defer cancel()
	_, err := p.warehouse.pool.Exec(ctx, `
		UPDATE etl.pace
		SET next_slot_at = greatest(next_slot_at, clock_timestamp()) + $2::interval
		WHERE budget = $1`, p.key, by)
	return failed(fmt.Sprintf("delaying %s", p), err)
}

// Pause keeps everybody from getting a slot for d, or for a minute when that is less: the vendor asked for time. Several processes
// that got the same answer pause once.
func (p *Pace) Pause(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, paceTimeout)
	defer cancel()
	_, err := p.warehouse.pool.Exec(ctx, `
		UPDATE etl.pace
		SET next_slot_at = greatest(next_slot_at, clock_timestamp() + $2::interval)
		WHERE budget = $1`, p.key, min(d, mostPaused))
	return failed(fmt.Sprintf("pausing %s", p), err)
}

// Slower is told when the vendor says that its limit is exceeded: nobody gets a slot within the next second, and the rate
// falls by 5 %, to a tenth of the full rate at the least. Answers to requests that were already under way count once,
// whichever process got them. Each quiet minute gives one step back.
func (p *Pace) Slower(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, paceTimeout)
	defer cancel()
	_, err := p.warehouse.pool.Exec(ctx, `
		UPDATE etl.pace
		SET share        = greatest(share * 0.95, 0.1),
		    changed_at   = clock_timestamp(),
		    paused_until = clock_timestamp() + interval '1 second',
		    next_slot_at = greatest(next_slot_at, clock_timestamp() + interval '1 second')
		WHERE budget = $1
		  AND clock_timestamp() NOT BETWEEN paused_until - interval '1 second' AND paused_until`, p.key)
	return failed(fmt.Sprintf("slowing %s", p), err)
}
