package star

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// digest is what a part of a day holds, in few bytes. A day whose digest is that of the stored one is not compared; of one
// with the same keys only the rows are compared whose own digests differ.
//
// The weighted sum that stood here before could not tell one more delivered from one less pending.
type digest struct {
	sum  []byte // SHA-256 of the rows in the order of their keys, cut to 128 bits
	keys uint64
	rows []byte // eight bytes for each row
}

const rowDigest = 8

// digester makes a digest of rows, each as it is copied, without the load. Their order is that of the keys.
type digester struct {
	all  []byte
	keys *xxhash.Digest
	rows []byte
}

func newDigester() *digester { return &digester{keys: xxhash.New()} }

// add takes a row that begins with its key.
func (d *digester) add(row []byte, key int) {
	d.all = append(d.all, row...)
	_, _ = d.keys.Write(row[:key])
	d.rows = binary.LittleEndian.AppendUint64(d.rows, xxhash.Sum64(row))
}

func (d *digester) end() digest {
	sum := sha256.Sum256(d.all)
	made := digest{sum[:16:16], d.keys.Sum64(), append([]byte{}, d.rows...)}
	d.all, d.rows = d.all[:0], d.rows[:0]
	d.keys.Reset()
	return made
}

// digest computes what believed days will hold. The stored rows of a day give the same: see Contents.
func (w *Writer) digest() {
	w.digests = PerDay[digest](w.window)
	d := newDigester()
	var row []byte
	for _, f := range []*fact{w.deliveryFact(), w.failureFact()} {
		for _, part := range f.parts {
			for i := range w.window.Len() {
				if !w.Believed[i] {
					continue
				}
				for _, l := range f.lines.day(i) {
					if w.partOf(f, &l) == part {
						row = f.encode(row[:0], &l)
						d.add(row, f.keySize())
					}
				}
				w.digests[part][i] = d.end()
				w.written.Digests[part][i] = w.digests[part][i].sum
			}
		}
	}
}

// partOf gives the part that a line of a fact belongs to.
func (w *Writer) partOf(f *fact, l *line) Part {
	if f.parts[0] == Delivery {
		return Delivery
	}
	b := w.Staging.Batch
	part, _ := PartOf(b.Stage(&b.Failures[l.at]))
	return part
}

// isStored says that every part of the i-th day is stored as it is now.
func (w *Writer) isStored(f *fact, i int) bool {
	return !slices.ContainsFunc(f.parts, func(part Part) bool { return !w.isPartStored(part, i) })
}

func (w *Writer) isPartStored(part Part, i int) bool {
	return w.Stored != nil && bytes.Equal(w.Stored(part, w.window.First()+sms.Day(i)), w.digests[part][i].sum)
}

// rowDigests are the stored digests of the rows of a part of a day.
type rowDigests struct {
	Dataset sms.Dataset
	Day     sms.Day
	Keys    int64
	Rows    []byte
}

// readDigests reads the digests of the rows of days.
func (w *Writer) readDigests(ctx context.Context, tx pgx.Tx, days []sms.Day) (map[sms.Day][Parts]*rowDigests, error) {
	all := map[sms.Day][Parts]*rowDigests{}
	if w.Stored == nil || len(days) == 0 {
		return all, nil
	}
	rows, err := db.All[rowDigests](ctx, tx, `
		SELECT dataset, date_key, keys, rows
		FROM etl.day_rows
		WHERE account_key = $1
		  AND dataset = ANY ($2)
		  AND date_key = ANY ($3)`, w.Account, w.Datasets[:], days)
	for i := range rows {
		of := all[rows[i].Day]
		of[slices.Index(w.Datasets[:], rows[i].Dataset)] = &rows[i]
		all[rows[i].Day] = of
	}
	return all, err
}

// changedLines gives the lines of the i-th day whose stored row is another one; ok is false when that day's keys are
// others, so that it has to be compared as a whole.
func (w *Writer) changedLines(f *fact, i int, stored [Parts]*rowDigests) (changed []line, ok bool) {
	var at [Parts]int
	for _, part := range f.parts {
		s, d := stored[part], &w.digests[part][i]
		if s == nil || uint64(s.Keys) != d.keys || len(s.Rows) != len(d.rows) {
			return nil, false
		}
	}
	for _, l := range f.lines.day(i) {
		part := w.partOf(f, &l)
		n := at[part] * rowDigest
		at[part]++
		if !bytes.Equal(stored[part].Rows[n:n+rowDigest], w.digests[part][i].rows[n:n+rowDigest]) {
			changed = append(changed, l)
		}
	}
	return changed, true
}

// writeDigests keeps the digests of the rows of days that were written.
func (w *Writer) writeDigests(ctx context.Context, tx pgx.Tx) error {
	var all []rowDigests
	for _, part := range w.Parts {
		for i := range w.window.Len() {
			if w.Believed[i] && !w.isPartStored(part, i) {
				d := &w.digests[part][i]
				all = append(all, rowDigests{w.Datasets[part], w.window.First() + sms.Day(i), int64(d.keys), d.rows})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO etl.day_rows AS d (account_key, dataset, date_key, keys, rows)
		SELECT $1, dataset, date_key, keys, rows
		FROM unnest($2::text[], $3::date[], $4::bigint[], $5::bytea[]) AS u (dataset, date_key, keys, rows)
		ORDER BY dataset, date_key
		ON CONFLICT (account_key, dataset, date_key) DO UPDATE
		SET keys = excluded.keys,
		    rows = excluded.rows
		WHERE (d.keys, d.rows) IS DISTINCT FROM (excluded.keys, excluded.rows)`, append([]any{w.Account}, db.Columns(all)...)...)
	return err
}

// Content is what the facts hold of a dataset's day.
type Content struct {
	Account int32
	Dataset sms.Dataset
	Day     sms.Day
	Rows    int64
	Digest  []byte
}

// Contents reads the facts of accounts from a day on, and gives what they hold of each day that has rows.
func Contents(ctx context.Context, tx db.Querier, accounts []int32, from sms.Day) (all []Content, err error) {
	w := &Writer{Staging: &Staging{Batch: &sms.Batch{}}}
	for _, f := range []*fact{w.deliveryFact(), w.failureFact()} {
		some, err := f.contents(ctx, tx, accounts, from)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func (f *fact) contents(ctx context.Context, tx db.Querier, accounts []int32, from sms.Day) (all []Content, err error) {
	rows, err := tx.Query(ctx, f.expand(statement("content_"+f.name)), accounts, from)
	if err != nil {
		return nil, err
	}
	digests := map[sms.Dataset]*digester{}
	var of Content // of which the rows are being read
	end := func() {
		for dataset, d := range digests {
			if len(d.rows) > 0 {
				c := of
				c.Dataset, c.Rows = dataset, int64(len(d.rows)/rowDigest)
				c.Digest = d.end().sum
				all = append(all, c)
			}
		}
	}
	var row []byte
	for rows.Next() {
		fields := rows.RawValues()
		day := sms.Day(int32(binary.BigEndian.Uint32(fields[1])) + postgresEpoch)
		if account := int32(binary.BigEndian.Uint32(fields[2])); account != of.Account || day != of.Day {
			end()
			of.Account, of.Day = account, day
		}
		row = row[:0]
		for _, field := range fields[1:] {
			row = appendField(row, field)
		}
		dataset := sms.Dataset(fields[0])
		if digests[dataset] == nil {
			digests[dataset] = newDigester()
		}
		digests[dataset].add(row, f.keySize())
	}
	end()
	return all, rows.Err()
}
