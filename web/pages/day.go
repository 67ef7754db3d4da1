package pages

import (
	"cmp"
	"context"
	"fmt"

	"smsetl/read"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

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
		then := mark.Next(d.NextAction, d.IsImported)
		why := cmp.Or(d.Reason, mark.Of(d.State).About)
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
