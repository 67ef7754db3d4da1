package load

import (
	"context"
	"time"

	"smsetl/internal/db"
	"smsetl/sms"
)

// PutNames keeps what people or a vendor call IDs, and gives how many names are new or other than before. An ID that stands twice has the
// first of its names; one that is not among them keeps what it is called.
func (w *Warehouse) PutNames(ctx context.Context, from sms.NameSource, names []sms.Name, now time.Time) (changed int64, err error) {
	type row struct {
		Kind              sms.NameKind
		Vendor            int32
		Account, ID, Name string
	}
	var rows []row
	isKnown := map[sms.Name]bool{}
	for _, n := range names {
		key := n
		key.Name = ""
		if !isKnown[key] {
			rows = append(rows, row{n.Kind, w.vendors[n.Vendor].Key, n.Account, n.ID, n.Name})
		}
		isKnown[key] = true
	}
	arguments := append(append([]any{from}, db.Columns(rows)...), now)
	changed, err = db.One[int64](ctx, w.DB, `SELECT etl.put_names($1, $2, $3, $4, $5, $6, $7)`, arguments...)
	return changed, failed("names", err)
}
