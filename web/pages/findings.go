package pages

import (
	"context"
	"strconv"

	"smsetl/read"
	"smsetl/sms"
)

// findings are what checks and answers brought to light and nobody has settled.
func (s *site) findings(ctx context.Context, _ query) (view, error) {
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
	t := &table{
		Name: "findings", Caption: "Open findings", Empty: "Nothing is open.",
		Columns: columns("severity", "check", "account", "subject", "first day", "last day", ">days not final", "what", ">expected", ">found", "unit", "trend", ">times seen", "opened", "last seen"),
	}
	for i := range all {
		f := &all[i]
		account, first := cell{kind: isNull}, day(dayOf(f.First))
		if f.HasAccount() {
			account = text(f.Account.String())
			if f.First != 0 {
				first = first.to(href("/day", "vendor", string(f.Account.Vendor), "account", f.Account.ID, "date", f.First.String()))
			}
		}
		t.Rows = append(t.Rows, []cell{
			text(string(f.Severity)).wrongIf(f.Severity == sms.Error), text(f.Check), account, text(f.Subject), first, day(dayOf(f.Last)), count(f.NotFinal), text(f.Detail),
			decimal(f.Expected), decimal(f.Found), text(f.Unit), text(f.Trend), whole(f.TimesSeen), moment(&f.OpenedAt), moment(&f.LastSeenAt),
		})
	}
	return t
}

// dayOf gives nil for no day.
func dayOf(d sms.Day) *sms.Day {
	if d == 0 {
		return nil
	}
	return &d
}

// decimal is a number that need not be whole.
func decimal(n *float64) cell {
	if n == nil {
		return cell{kind: isNull}
	}
	return cell{Show: strconv.FormatFloat(*n, 'g', 6, 64), Raw: strconv.FormatFloat(*n, 'f', -1, 64), kind: isNumber}
}
