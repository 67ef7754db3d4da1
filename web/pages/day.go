package pages

import (
	"cmp"
	"context"
	"fmt"

	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// next describes what happens to a day next, by the action in the ledger.
var next = map[string]string{
	"none":     "nothing: it is final",
	"wait":     "nothing until the day is over",
	"load":     "the next run asks the vendor for it",
	"reload":   "the next run asks again, for what has changed",
	"confirm":  "the next run asks again; a second answer that agrees is accepted",
	"release":  "etl release: an operator decides whether to accept the answer",
	"unfreeze": "etl unfreeze: an operator has frozen it",
}

// nextImport is the same for sources whose files are imported.
var nextImport = map[string]string{
	"load":    "import files that cover the missing hours",
	"reload":  "import a newer file, for what has changed",
	"confirm": "import a newer file; one that agrees is accepted",
}

// day is everything about one day of an account.
func (s *site) day(ctx context.Context, q *query) (view, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return view{}, err
	}
	account, date, err := q.accountDay(accounts)
	if err != nil {
		return view{}, err
	}
	d, err := s.warehouse.Day(ctx, account.Vendor, account.Account, date)
	if err != nil {
		return view{}, err
	}
	year := href("/coverage", "vendor", string(account.Vendor), "account", account.Account, "year", date.String()[:4])
	explain := pathOf("/explain", account.Vendor, account.Account, date)
	return view{
		Title: fmt.Sprintf("%s of %s/%s", date, account.Vendor, account.Account),
		Lead:  fmt.Sprintf("The vendor's day, from midnight to midnight in %s.", account.Zone),
		Sections: []section{
			{Heading: "State", Table: dayStates(d.Datasets), Nav: []line{
				{Link: "← " + (date - 1).String(), Href: pathOf("/day", account.Vendor, account.Account, date-1)},
				{Link: (date + 1).String() + " →", Href: pathOf("/day", account.Vendor, account.Account, date+1)},
				{Link: "The year", Href: year},
			}},
			{Heading: "Numbers", Table: daysTable(d.Numbers), Lines: []line{
				{Text: "Select a number to see where it comes from.", Link: "Explain all of them", Href: explain},
			}},
			{Heading: "Attempts", Table: triesTable(d.Loads)},
		},
	}, nil
}

func dayStates(all []read.DayState) *sheet.Table {
	return sheet.Of("day.states", all, func(d read.DayState) []sheet.Cell {
		then := next[d.NextAction]
		if d.IsImported {
			then = cmp.Or(nextImport[d.NextAction], then)
		}
		why := cmp.Or(d.Reason, sheet.MarkOf(d.State).About)
		return sheet.Row(d.Dataset, d.State, why, d.Since, then, d.DaysLeft, d.Attempts, d.Pending, d.Rows, d.LoadedAt,
			d.ConfirmedAt)
	})
}

func triesTable(all []read.DayLoad) *sheet.Table {
	return sheet.Of("day.tries", all, func(d read.DayLoad) []sheet.Cell {
		outcome := sheet.Text(d.Outcome).WrongIf(d.Outcome == "failed")
		return sheet.Row(d.LoadID, d.RunID, d.StartedAt, d.Datasets, sheet.Window(d.Window), outcome, d.Reason, d.Received, d.Written)
	})
}
