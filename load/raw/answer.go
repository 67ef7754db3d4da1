package raw

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// ErrNoAnswer says that there is no such answer, or that several are meant.
var ErrNoAnswer = errors.New("no such answer")

// ErrPruned says that the bytes of an answer were thrown away for their age.
var ErrPruned = errors.New("the answer's bytes were thrown away")

// Answer is one answer of a vendor as it was kept. Its Body is without the bytes: Body reads them.
type Answer struct {
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
	// understood chooses those that were to be understood, and gives their bytes.
	understood bool
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

// List lists answers, refused ones included, in the order in which they came.
func List(ctx context.Context, q db.Querier, which Which) ([]Answer, error) {
	all, err := list(ctx, q, which)
	return all, failed("listing answers", err)
}

// answerRow is a row of list.sql.
type answerRow struct {
	FetchID, LoadID int64
	Account         sms.Account
	Dataset         sms.Dataset
	First, Last     sms.Day
	Request         sms.Request
	Status          int
	RequestID       string
	FetchedAt       time.Time
	Refused         string
	Hash            sms.Hash
	Size, Packed    int64
	PrunedAt        time.Time
	Outcome         string
	LoadedAt        time.Time
	Bytes           []byte
}

func list(ctx context.Context, q db.Querier, which Which) ([]Answer, error) {
	least, most, err := which.hashes()
	if err != nil {
		return nil, err
	}
	rows, err := db.All[answerRow](ctx, q, statement("list"), which.Day, which.Account, which.Vendor, which.Dataset, which.LoadID, which.fetchID,
		least, most, max(which.Day, which.LastDay), which.understood)
	all := make([]Answer, len(rows))
	for i, r := range rows {
		window, err := sms.NewWindow(r.First, r.Last, r.Account.Zone)
		if err != nil {
			return nil, err
		}
		all[i] = Answer{
			FetchID: r.FetchID, LoadID: r.LoadID, Outcome: r.Outcome, LoadedAt: r.LoadedAt, Packed: r.Packed, PrunedAt: r.PrunedAt,
			Payload: sms.Payload{
				Account: r.Account, Dataset: r.Dataset, Window: window, Request: r.Request, FetchedAt: r.FetchedAt, Status: r.Status,
				RequestID: r.RequestID, Refused: r.Refused, Body: sms.Body{Hash: r.Hash, Size: r.Size, Packed: r.Bytes},
			},
		}
	}
	return all, err
}

// shortestPrefix of a hash is long enough for nobody to mean another answer by it, and too long for the number of one.
const shortestPrefix = 12

// Find gives the answer of a fetch_id, or of a hash in hex, of which the first 12 digits are enough. Of several fetches
// that were told the same bytes it is the last. The error is ErrNoAnswer when there is none, or when the digits fit several.
func Find(ctx context.Context, q db.Querier, name string) (Answer, error) {
	var which Which
	fetchID, err := strconv.ParseInt(name, 10, 64)
	switch {
	case len(name) < shortestPrefix && err == nil:
		which.fetchID = fetchID
	case len(name) >= shortestPrefix && len(name) <= hex.EncodedLen(sha256.Size) && strings.Trim(strings.ToLower(name), "0123456789abcdef") == "":
		which.hash = strings.ToLower(name)
	default:
		return Answer{}, fmt.Errorf("raw: %w: %q is neither the number of a fetch nor at least %d digits of a hash", ErrNoAnswer, name, shortestPrefix)
	}
	all, err := list(ctx, q, which)
	if err == nil && len(all) == 0 && which.hash != "" {
		all, err = findPushes(ctx, q, which)
	}
	if err != nil {
		return Answer{}, failed("finding an answer", err)
	}
	if len(all) == 0 {
		return Answer{}, fmt.Errorf("raw: %w: %s", ErrNoAnswer, name)
	}
	last := all[len(all)-1]
	for _, a := range all {
		if a.Body.Hash != last.Body.Hash {
			return Answer{}, fmt.Errorf("raw: %w: %s fits several hashes, %s and %s among them", ErrNoAnswer, name, last.Body.Hash, a.Body.Hash)
		}
	}
	return last, nil
}

// findPushes gives pushes by the beginnings of their hashes, as answers that nobody had asked for.
func findPushes(ctx context.Context, q db.Querier, which Which) ([]Answer, error) {
	least, most, err := which.hashes()
	if err != nil {
		return nil, err
	}
	type row struct {
		Hash       sms.Hash
		ReceivedAt time.Time
		Source     string
	}
	rows, err := db.All[row](ctx, q, `
		SELECT hash, received_at, source
		FROM etl.huawei_push
		WHERE hash BETWEEN $1 AND $2
		LIMIT 10`, least, most)
	all := make([]Answer, len(rows))
	for i, r := range rows {
		all[i].Payload = sms.Payload{
			Account: sms.Account{Vendor: sms.Huawei}, Dataset: sms.SendingDetails, Request: sms.Request{Method: "PUSH", URL: r.Source},
			FetchedAt: r.ReceivedAt, Body: sms.Body{Hash: r.Hash},
		}
	}
	return all, err
}

// Body reads the bytes of an answer. The error wraps ErrPruned when they are gone, ErrNoAnswer when they never were there.
func Body(ctx context.Context, q db.Querier, hash sms.Hash) (sms.Body, error) {
	type row struct {
		Packed   []byte
		Size     int64
		PrunedAt time.Time
	}
	r, err := db.One[row](ctx, q, `
		SELECT packed, size, pruned_at
		FROM etl.raw
		WHERE hash = $1`, hash)
	doing := "reading answer " + hash.String()
	if errors.Is(err, pgx.ErrNoRows) {
		return sms.Body{}, fmt.Errorf("raw: %s: %w", doing, ErrNoAnswer)
	}
	if err == nil && !r.PrunedAt.IsZero() {
		err = pruned(r.PrunedAt)
	}
	return sms.Body{Packed: r.Packed, Size: r.Size, Hash: hash}, failed(doing, err)
}

// piece is how much of a packed answer is read at once where it need not be in memory as a whole.
const piece = 256 << 10

// Known gives the answers of a load that are still kept, by their questions: when one of them is put again, its answer can be
// compared while it comes. An answer below a MiB is read and packed before a comparison is worth it.
func Known(ctx context.Context, q db.Querier, loadID int64) (map[sms.Request]*sms.Known, error) {
	type row struct {
		Request sms.Request
		Hash    sms.Hash
		Size    int64
		Chunks  []byte
		Packed  int64
	}
	rows, err := db.All[row](ctx, q, `
		SELECT f.method, f.url, f.action, f.body, r.hash, r.size, r.chunks, octet_length(r.packed)
		FROM etl.fetch AS f
		JOIN etl.raw   AS r ON r.hash = f.hash
		WHERE f.load_id = $1
		  AND f.refused = ''
		  AND r.packed IS NOT NULL
		  AND octet_length(r.chunks) > 0`, loadID)
	all := make(map[sms.Request]*sms.Known, len(rows))
	for _, r := range rows {
		all[r.Request] = &sms.Known{
			Body: sms.Body{Hash: r.Hash, Size: r.Size, Chunks: r.Chunks}, PackedSize: r.Packed,
			Stored: func(at int64) ([]byte, error) {
				return db.One[[]byte](ctx, q, `SELECT substr(packed, $2, $3) FROM etl.raw WHERE hash = $1`, r.Hash, int32(at+1), int32(piece))
			},
		}
	}
	return all, failed("looking for the last answers", err)
}

func pruned(at time.Time) error { return fmt.Errorf("%w on %s", ErrPruned, at.Format(time.DateOnly)) }

// FirstFetched says when bytes were first kept, whatever was said of them later; zero for bytes that are new.
func FirstFetched(ctx context.Context, q db.Querier, hash sms.Hash) (time.Time, error) {
	at, err := db.One[time.Time](ctx, q, `SELECT min(fetched_at) FROM etl.fetch WHERE hash = $1`, hash)
	return at, failed("looking whether a page is known", err)
}

// failed wraps an error of the database, with what was tried.
func failed(doing string, err error) error { return db.Error("raw", doing, err) }
