package pages

import (
	"cmp"
	"context"
	"fmt"

	"smsetl/read"
	"smsetl/sms"
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
func (s *site) day(ctx context.Context, q query) (view, error) {
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
	v := view{
		Title: fmt.Sprintf("%s of %s/%s", date, account.Vendor, account.Account),
		Lead:  fmt.Sprintf("The vendor's day, from midnight to midnight in %s.", account.Zone),
	}
	states := section{Heading: "State", Table: dayStates(d.Datasets, account.Vendor.IsImported())}
	at := []string{"vendor", string(account.Vendor), "account", account.Account}
	states.Nav = []line{
		{Link: "← " + (date - 1).String(), Href: href("/day", append(at, "date", (date-1).String())...)},
		{Link: (date + 1).String() + " →", Href: href("/day", append(at, "date", (date+1).String())...)},
		{Link: "The year", Href: href("/coverage", append(at, "year", date.String()[:4])...)},
	}
	numbers := section{Heading: "Numbers", Table: daysTable(d.Numbers), Lines: []line{
		{Text: "Each number leads to where it comes from.", Link: "Explain them all", Href: href("/explain", append(at, "date", date.String())...)},
	}}
	v.Sections = []section{states, numbers, {Heading: "Tries", Table: triesTable(d.Loads)}}
	return v, nil
}

// accountDay reads vendor, account and date, which have to be there. The vendor may be left out where one account has the name.
func (q query) accountDay(accounts []read.KnownAccount) (read.KnownAccount, sms.Day, error) {
	vendor, name, date := sms.Vendor(q.text("vendor")), q.text("account"), q.day("date", 0)
	if date == 0 {
		q.wrong("date is not there: want a day such as 2026-01-31")
	}
	if name == "" {
		q.wrong("account is not there: want the vendor's name of it")
	}
	if err := q.known(vendor, name, accounts); err != nil {
		return read.KnownAccount{}, 0, err
	}
	var found []read.KnownAccount
	for _, a := range accounts {
		if a.Account == name && (vendor == "" || a.Vendor == vendor) {
			found = append(found, a)
		}
	}
	if len(found) != 1 {
		return read.KnownAccount{}, 0, bad("account %q: want the vendor beside it", name)
	}
	return found[0], date, nil
}

func dayStates(all []read.DayState, isImported bool) *table {
	t := &table{
		Name: "states", Caption: "Where each dataset of the day stands", Empty: "The day is not expected, and was never asked for.",
		Columns: columns("dataset", "state", "why", "since", "what next", ">days left", ">failed tries", ">pending", ">rows", "written", "confirmed"),
	}
	for _, d := range all {
		why := cmp.Or(d.Reason, markOf(d.State).about)
		then := next[d.NextAction]
		if says, known := nextImport[d.NextAction]; known && isImported {
			then = says
		}
		t.Rows = append(t.Rows, []cell{
			text(string(d.Dataset)), state(d.State), text(why), moment(d.Since), text(then), count(d.DaysLeft), whole(d.Attempts),
			count(d.Pending), whole(d.Rows), moment(d.LoadedAt), moment(d.ConfirmedAt),
		})
	}
	return t
}

func triesTable(all []read.DayLoad) *table {
	t := &table{
		Name: "tries", Caption: "Loads that asked for the day, the newest first", Empty: "Nobody has asked for it yet.",
		Columns: columns(">load", ">run", "started", "datasets", "days", "outcome", "why", ">rows received", ">rows written"),
	}
	for _, d := range all {
		t.Rows = append(t.Rows, []cell{
			whole(d.LoadID), count(d.RunID), moment(&d.StartedAt), text(d.Datasets), window(d.Window), text(d.Outcome).wrongIf(d.Outcome == "failed"),
			text(d.Reason), whole(d.Received), whole(d.Written),
		})
	}
	return t
}
