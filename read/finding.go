package read

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Finding is an open line of etl.finding.
type Finding struct {
	ID          int64         `json:"finding_id"`
	Severity    sms.Severity  `json:"severity"`
	Check       string        `json:"check"`
	Account     sms.Account   `json:",embed"`    // without an ID when it belongs to none
	Subject     string        `json:"subject"`   // the measure, the stage, the dataset, the field, the code
	Datasets    []sms.Dataset `json:"datasets"`  // whose answers showed it; nil for what the tables show
	First       sms.Day       `json:"first_day"` // this and the next: the days that show it; 0 when it belongs to no day
	Last        sms.Day       `json:"last_day"`
	Days        int           `json:"days"`     // how many of them show it; 0 when nobody counted
	Expected    *float64      `json:"expected"` // on the worst day, in Unit; nil when there is nothing to compare
	Found       *float64      `json:"found"`
	Unit        string        `json:"unit"`
	Tolerance   string        `json:"tolerance"`
	Size        float64       `json:"size"` // what expected and found differ by over all days, else days or rows
	Previous    *float64      `json:"previous_size"`
	Trend       string        `json:"trend"` // new, growing, shrinking, steady
	TimesSeen   int64         `json:"times_seen"`
	TimesOpened int           `json:"times_opened"`
	OpenedAt    time.Time     `json:"opened_at"`
	LastSeenAt  time.Time     `json:"last_seen_at"`
	Detail      string        `json:"detail"` // one sentence with the numbers; of a load it may quote the answer
}

// HasAccount says whether the finding belongs to an account.
func (f *Finding) HasAccount() bool { return f.Account.ID != "" }

// OpenFindings gives the open findings of the accounts with these keys, of all for nil: errors first, then by check, account and
// subject.
func OpenFindings(ctx context.Context, q db.Querier, accounts []int32) ([]Finding, error) {
	return db.All[Finding](ctx, q, statement("findings_open"), accounts)
}

// OpenFinding is an open finding with what the ledger says of its days.
type OpenFinding struct {
	Finding

	NotFinal *int64 // of its days, whose numbers may still change or are not there; nil when it belongs to no day of an account
}

// Findings reads the open findings, errors first.
func (m *Model) Findings(ctx context.Context) (all []OpenFinding, err error) {
	err = m.snapshot(ctx, "findings", func(tx pgx.Tx) error {
		found, err := OpenFindings(ctx, tx, nil)
		if err != nil {
			return err
		}
		counts, err := db.All[struct{ ID, Days int64 }](ctx, tx, statement("finding_days"))
		if err != nil {
			return err
		}
		notFinal := map[int64]*int64{}
		for i := range counts {
			notFinal[counts[i].ID] = &counts[i].Days
		}
		for _, f := range found {
			all = append(all, OpenFinding{f, notFinal[f.ID]})
		}
		return nil
	})
	return all, err
}

// openCounts counts the open findings by severity; every severity is there.
func openCounts(ctx context.Context, q db.Querier) (map[sms.Severity]int64, error) {
	type count struct {
		Severity sms.Severity
		N        int64
	}
	counts, err := db.All[count](ctx, q, `SELECT severity, count(*) FROM etl.finding WHERE closed_at IS NULL GROUP BY severity`)
	all := map[sms.Severity]int64{sms.Info: 0, sms.Warning: 0, sms.Error: 0}
	for _, c := range counts {
		all[c.Severity] = c.N
	}
	return all, err
}
