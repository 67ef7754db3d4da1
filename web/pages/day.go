package pages

import (
	"cmp"
	"context"
	"fmt"

	"smsetl/read"
)

// next says in words what brings a day on.
var next = map[string]string{
	"none":     "nothing: it is settled",
	"wait":     "it has to be over first",
	"load":     "the next run asks the vendor for it",
	"reload":   "the next run asks again, for what has changed",
	"confirm":  "the next run asks again: an answer that says the same is believed",
	"release":  "etl release: the vendor can say no more, an operator decides whether the answer is believed",
	"unfreeze": "etl unfreeze: an operator's freeze holds it",
}

// nextImport says it where nobody is asked, and files are imported.
var nextImport = map[string]string{
	"load":    "import files that cover the missing hours",
	"reload":  "import a newer file, for what has changed",
	"confirm": "import a newer file: one that says the same is believed",
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
			{Heading: "State", Table: dayStates(d.Datasets, account.Vendor.IsImported()), Nav: []line{
				{Link: "← " + (date - 1).String(), Href: pathOf("/day", account.Vendor, account.Account, date-1)},
				{Link: (date + 1).String() + " →", Href: pathOf("/day", account.Vendor, account.Account, date+1)},
				{Link: "The year", Href: year},
			}},
			{Heading: "Numbers", Table: daysTable(d.Numbers), Lines: []line{
				{Text: "Each number leads to where it comes from.", Link: "Explain them all", Href: explain},
			}},
			{Heading: "Tries", Table: triesTable(d.Loads)},
		},
	}, nil
}

func dayStates(all []read.DayState, isImported bool) *table {
	return tableOf("day.states", all, func(d read.DayState) []cell {
		then := next[d.NextAction]
		if isImported {
			then = cmp.Or(nextImport[d.NextAction], then)
		}
		why := cmp.Or(d.Reason, markOf(d.State).about)
		return cells(d.Dataset, d.State, why, d.Since, then, d.DaysLeft, d.Attempts, d.Pending, d.Rows, d.LoadedAt,
			d.ConfirmedAt)
	})
}

func triesTable(all []read.DayLoad) *table {
	return tableOf("day.tries", all, func(d read.DayLoad) []cell {
		outcome := text(d.Outcome).wrongIf(d.Outcome == "failed")
		return cells(d.LoadID, d.RunID, d.StartedAt, d.Datasets, window(d.Window), outcome, d.Reason, d.Received, d.Written)
	})
}
