package load

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/raw_list.sql
var rawListQuery string

// ErrNoAnswer says that there is no such answer, or that several are meant.
var ErrNoAnswer = errors.New("no such answer")

// KeptAnswer is one answer of a vendor as it lies in the warehouse. Its Body is without the bytes: Bytes reads them.
type KeptAnswer struct {
	sms.Payload

	FetchID  int64
	LoadID   int64
	Outcome  string    // of the load
	LoadedAt time.Time // when the load was done; zero for one that came to nothing
	Packed   int64     // bytes stored; 0 when they are gone
	PrunedAt time.Time // when the bytes were thrown away; zero while they are there
}

// Which chooses answers. A zero field chooses all.
type Which struct {
	Day     sms.Day // that was asked for, among others; 0 for any
	LastDay sms.Day // days from Day on to this one, of which at least one was asked for; 0 for Day alone
	Account string
	Vendor  sms.Vendor
	Dataset sms.Dataset
	LoadID  int64
	fetchID int64
	hash    string // the first digits, in hex
}

// hashes gives the range of hashes that begin with the digits, nil for all.
func (w Which) hashes() (least, most []byte, err error) {
	if w.hash == "" {
		return nil, nil, nil
	}
	rest := hex.EncodedLen(sha256.Size) - len(w.hash)
	if least, err = hex.DecodeString(w.hash + strings.Repeat("0", rest)); err != nil {
		return nil, nil, err
	}
	most, err = hex.DecodeString(w.hash + strings.Repeat("f", rest))
	return least, most, err
}

// KeptAnswers lists answers, refused ones included, in the order in which they came.
func (w *Warehouse) KeptAnswers(ctx context.Context, which Which) ([]KeptAnswer, error) {
	all, err := keptAnswers(ctx, w.pool, which)
	return all, failed("listing answers", err)
}

func keptAnswers(ctx context.Context, db querier, which Which) ([]KeptAnswer, error) {
	least, most, err := which.hashes()
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, rawListQuery, which.Day, which.Account, string(which.Vendor), string(which.Dataset), which.LoadID, which.fetchID, least, most, max(which.Day, which.LastDay))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanAnswer)
}

func scanAnswer(row pgx.CollectableRow) (KeptAnswer, error) {
	var a KeptAnswer
	var zone string
	var first, last time.Time
	var hash []byte
	var pruned, loaded *time.Time
	err := row.Scan(&a.FetchID, &a.LoadID, &a.Account.Vendor, &a.Account.ID, &zone, &a.Dataset, &first, &last, &a.Request.Method, &a.Request.URL,
		&a.Request.Action, &a.Request.Body, &a.Status, &a.RequestID, &a.FetchedAt, &a.Refused, &hash, &a.Body.Size, &a.Packed, &pruned, &a.Outcome, &loaded)
	if err != nil {
		return a, err
	}
	copy(a.Body.Hash[:], hash)
	a.PrunedAt, a.LoadedAt = timeOf(pruned), timeOf(loaded)
	if a.Account.Zone, err = sms.ParseZone(zone); err != nil {
		return a, err
	}
	a.Window, err = sms.NewWindow(sms.DayOf(first), sms.DayOf(last), a.Account.Zone)
	return a, err
}

// shortestPrefix of a hash is long enough for nobody to mean another answer by it, and too long for the number of one.
const shortestPrefix = 12

// FindAnswer gives the answer of a fetch_id, or of a hash in hex, of which the first 12 digits are enough. Of several fetches
// that were told the same bytes it is the last. The error is ErrNoAnswer when there is none, or when the digits fit several.
func (w *Warehouse) FindAnswer(ctx context.Context, name string) (KeptAnswer, error) {
	var which Which
	fetchID, err := strconv.ParseInt(name, 10, 64)
	switch {
	case len(name) < shortestPrefix && err == nil:
		which.fetchID = fetchID
	case len(name) >= shortestPrefix && len(name) <= 64 && strings.Trim(strings.ToLower(name), "0123456789abcdef") == "":
		which.hash = strings.ToLower(name)
	default:
		return KeptAnswer{}, fmt.Errorf("load: %w: %q is neither the number of a fetch nor at least %d digits of a hash", ErrNoAnswer, name, shortestPrefix)
	}
	all, err := w.KeptAnswers(ctx, which)
	if err != nil {
		return KeptAnswer{}, err
	}
	if len(all) == 0 && which.hash != "" {
		if all, err = w.findPushes(ctx, which); err != nil {
			return KeptAnswer{}, err
		}
	}
	if len(all) == 0 {
		return KeptAnswer{}, fmt.Errorf("load: %w: %s", ErrNoAnswer, name)
	}
	last := all[len(all)-1]
	for _, a := range all {
		if a.Body.Hash != last.Body.Hash {
			return KeptAnswer{}, fmt.Errorf("load: %w: %s fits several hashes, %s and %s among them", ErrNoAnswer, name, last.Body.Hash, a.Body.Hash)
		}
	}
	return last, nil
}

// Body reads the bytes of an answer. The error wraps ErrPruned when they are gone, ErrNoAnswer when they never were there.
func (w *Warehouse) Body(ctx context.Context, hash sms.Hash) (sms.Body, error) {
	body := sms.Body{Hash: hash}
	var pruned *time.Time
	err := w.pool.QueryRow(ctx, `
		SELECT packed, size, pruned_at
		FROM etl.raw
		WHERE hash = $1`, hash[:]).Scan(&body.Packed, &body.Size, &pruned)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return sms.Body{}, fmt.Errorf("load: %w: %s has no bytes", ErrNoAnswer, hash)
	case err == nil && pruned != nil:
		return sms.Body{}, fmt.Errorf("load: answer %s: %w on %s", hash, ErrPruned, pruned.UTC().Format(time.DateOnly))
	}
	return body, failed("reading answer "+hash.String(), err)
}
