package check

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"smsetl/internal/db"
	"smsetl/load/star"
	"smsetl/sms"
)

// LedgerDay is a day of which the ledger says something else than is stored.
type LedgerDay struct {
	Account int32 // its key
	Dataset sms.Dataset
	Day     sms.Day
	// Told is what the ledger says, Stored what the facts hold: rows, and their digest.
	Told, Stored Rows
}

// Rows are rows with a digest of every key and number in them.
type Rows struct {
	Rows   int64
	Digest []byte
}

func (r Rows) equal(o Rows) bool {
	return r.Rows == o.Rows && (r.Rows == 0 || bytes.Equal(r.Digest, o.Digest))
}

func (r Rows) String() string { return fmt.Sprintf("%d rows (digest %.8x)", r.Rows, r.Digest) }

// Ledger reads the facts of accounts from a day on, and gives the days that are not as the ledger describes them.
func Ledger(ctx context.Context, q db.Querier, accounts []int32, from sms.Day) ([]LedgerDay, error) {
	from = max(from, 1) // day 0 is no day
	contents, err := star.Contents(ctx, q, accounts, from)
	if err != nil {
		return nil, err
	}
	told, err := db.All[star.Content](ctx, q, `
		SELECT account_key, dataset, date_key, row_count, coalesce(digest, '')
		FROM etl.coverage
		WHERE account_key = ANY ($1)
		  AND date_key >= $2`, accounts, from)
	if err != nil {
		return nil, err
	}
	type key struct {
		account int32
		dataset sms.Dataset
		day     sms.Day
	}
	days := map[key]*LedgerDay{}
	at := func(c *star.Content) *LedgerDay {
		k := key{c.Account, c.Dataset, c.Day}
		if days[k] == nil {
			days[k] = &LedgerDay{Account: c.Account, Dataset: c.Dataset, Day: c.Day}
		}
		return days[k]
	}
	for i := range told {
		at(&told[i]).Told = Rows{told[i].Rows, told[i].Digest}
	}
	for i := range contents {
		at(&contents[i]).Stored = Rows{contents[i].Rows, contents[i].Digest}
	}
	var differ []LedgerDay
	for _, d := range days {
		if !d.Told.equal(d.Stored) {
			differ = append(differ, *d)
		}
	}
	slices.SortFunc(differ, func(a, b LedgerDay) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Day, b.Day))
	})
	return differ, nil
}

// ledgerDiffers is the check of the same name.
func (c *checking) ledgerDiffers(ctx context.Context, q db.Querier, from sms.Day) ([]accountLine, error) {
	differ, err := Ledger(ctx, q, c.accounts, from)
	var lines []accountLine
	for _, d := range differ {
		expected, got := float64(d.Told.Rows), float64(d.Stored.Rows)
		lines = append(lines, accountLine{
			d.Account, string(d.Dataset), sms.Error, d.Day, &expected, &got,
			fmt.Sprintf("the ledger has %s, and %s are stored", d.Told, d.Stored),
		})
	}
	return lines, err
}
