package pages

import (
	"context"

	"smsetl/read"
	"smsetl/sms"
)

// findings are what checks and answers brought to light and nobody has settled.
func (s *site) findings(ctx context.Context, _ *query) (view, error) {
	all, err := s.warehouse.Findings(ctx)
	if err != nil {
		return view{}, err
	}
	return view{
		Title: "Findings", Lead: "What is open, errors first. A finding closes itself when its check no longer shows it.",
		Sections: []section{{Table: findingsTable(all)}},
	}, nil
}

func findingsTable(all []read.OpenFinding) *table {
	return tableOf("findings.findings", all, func(f read.OpenFinding) []cell {
		account, first := none, cellOf(f.First)
		if f.HasAccount() {
			account = text(f.Account.String())
			if f.First != 0 {
				first = first.to(pathOf("/day", f.Account.Vendor, f.Account.ID, f.First))
			}
		}
		return cells(cellOf(f.Severity).wrongIf(f.Severity == sms.Error), f.Check, account, f.Subject, first, f.Last,
			f.NotFinal, f.Detail, f.Expected, f.Found, f.Unit, f.Trend, f.TimesSeen, f.OpenedAt, f.LastSeenAt)
	})
}
