package job

import "smsetl/load"

// Rows counts the fact rows of loads, and in JSON reports.
type Rows struct {
	Received  int64 `json:"received"`
	Inserted  int64 `json:"inserted"`
	Updated   int64 `json:"updated"`
	Removed   int64 `json:"removed"` // in the history
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	Held      int64 `json:"held"`
}

// RowsOf gives the rows of a load.
func RowsOf(r load.Result) Rows {
	return Rows{r.Received, r.Inserted, r.Updated, r.Removed, r.Unchanged, r.Rejected, r.Held}
}

// Add adds the rows of other loads.
func (r *Rows) Add(o Rows) {
	r.Received += o.Received
	r.Inserted += o.Inserted
	r.Updated += o.Updated
	r.Removed += o.Removed
	r.Unchanged += o.Unchanged
	r.Rejected += o.Rejected
	r.Held += o.Held
}
