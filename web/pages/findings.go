package pages

import (
	"context"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/sheet"
)

// findings are what checks and answers brought to light and nobody has settled.
func (s *site) findings(ctx context.Context, _ *query) (view, error) {
	all, err := s.warehouse.Findings(ctx)
	if err != nil {
		return view{}, err
	}
	v := view{
		Title: "Findings", Lead: "What does not add up, errors first. A finding closes by itself when its check passes again.",
	}
	counts := map[sms.Severity]int64{}
	for _, f := range all {
		counts[f.Severity]++
	}
	for _, kind := range []struct {
		severity             sms.Severity
		heading, pill, about string
	}{
		{sms.Error, "Errors", "wrong", "Numbers may be wrong."}, {sms.Warning, "Warnings", "warn", "Somebody should look."},
		{sms.Info, "Notes", "", "Odd, and may well be right."},
	} {
		part := section{ID: string(kind.severity), Heading: kind.heading + ": " + sheet.Grouped(counts[kind.severity]), Lines: []line{{Text: kind.about}}}
		for _, f := range all {
			if f.Severity == kind.severity && len(part.Issues) < shownIssues {
				part.Issues = append(part.Issues, findingIssue(f, kind.pill))
			}
		}
		if len(part.Issues) > 0 {
			v.Sections = append(v.Sections, part)
		}
	}
	v.Sections = append(v.Sections, section{ID: "all", Heading: "All open findings", Table: findingsTable(all)})
	return v, nil
}

// findingIssue says what was found, and how to look closer.
func findingIssue(f read.OpenFinding, pill string) issue {
	one := issue{Pill: string(f.Severity), Class: pill, Title: upper(sheet.Spaced(f.Check)), Lines: []string{f.Detail}}
	if f.Subject != "" {
		one.Title += ": " + f.Subject
	}
	if f.HasAccount() {
		where := f.Account.String()
		if f.First != 0 {
			one.Href = pathOf("/day", f.Account.Vendor, f.Account.ID, f.First)
			last := max(f.First, f.Last)
			where += ", " + span(f.First, last)
			one.Next = "look at the day. If the vendor has corrected it since, ask again"
			one.Command = "etl backfill --account " + f.Account.ID + " --from " + f.First.String() + " --to " + last.String() + " --refetch"
		}
		one.Lines = append([]string{where}, one.Lines...)
	}
	if one.Next == "" {
		one.Next = "see docs/checks.md for what " + f.Check + " means"
	}
	seen := sheet.CellOf(f.OpenedAt).Show
	one.Lines = append(one.Lines, "Open since "+seen+" UTC, seen "+plural(f.TimesSeen, "time")+".")
	return one
}

func findingsTable(all []read.OpenFinding) *sheet.Table {
	return sheet.Of("findings.findings", all, func(f read.OpenFinding) []sheet.Cell {
		account, first := sheet.None, sheet.CellOf(f.First)
		if f.HasAccount() {
			account = sheet.Text(f.Account.String())
			if f.First != 0 {
				first = first.To(pathOf("/day", f.Account.Vendor, f.Account.ID, f.First))
			}
		}
		return sheet.Row(sheet.CellOf(f.Severity).WrongIf(f.Severity == sms.Error), f.Check, account, f.Subject, first, f.Last,
			f.NotFinal, f.Detail, f.Expected, f.Found, f.Unit, f.Trend, f.TimesSeen, f.OpenedAt, f.LastSeenAt)
	})
}
