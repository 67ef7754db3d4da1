package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/extract/huawei"
	"smsetl/job"
	"smsetl/sms"
)

func newImportedFile(r huawei.Report) importedFile {
	f := importedFile{Name: r.Name, Kind: string(r.Kind), Format: r.Format, Rows: r.Rows, IsCut: r.IsCut, Columns: map[string]string{}, Dropped: r.Dropped}
	for _, c := range r.Columns {
		f.Columns[c.Column] = c.Header
	}
	return f
}

// add counts what files did. open remembers the days that are not covered: a later file may cover them.
func (r *importReport) add(done job.Imported, open map[string]missingInDays) {
	r.Windows += done.Windows
	r.FileRows += done.FileRows
	r.Messages += done.Messages
	r.Changed += done.Changed
	r.TooOld += done.TooOld
	r.Add(done.Counts)
	r.Quarantined = append(r.Quarantined, done.Quarantined...)
	for _, u := range done.Unreadable {
		row := unreadableRow{File: u.File, Hash: u.Payload.String(), Position: u.Position, Reason: u.Reason}
		if !u.SentAt.IsZero() {
			row.SentAt = u.SentAt.Format(time.RFC3339)
		}
		r.Unreadable = append(r.Unreadable, row)
	}
	for _, o := range done.Complete {
		delete(open, o.Account.ID+"\x00"+o.Day.String())
		r.complete(o.Account.ID, o.Day.String())
	}
	for _, o := range done.Open {
		open[o.Account.ID+"\x00"+o.Day.String()] = missingInDays{o.Account.ID, o.Day.String(), o.Missing.String()}
	}
}

// complete notes that a day of an application is covered as a whole.
func (r *importReport) complete(account, day string) {
	i := slices.IndexFunc(r.Complete, func(c completeDays) bool { return c.Account == account })
	if i < 0 {
		r.Complete = append(r.Complete, completeDays{account, []string{day}})
		return
	}
	if days := &r.Complete[i].Days; !slices.Contains(*days, day) {
		*days = append(*days, day)
	}
}

func (r *importReport) missing(open map[string]missingInDays) {
	for _, key := range slices.Sorted(maps.Keys(open)) {
		r.Missing = append(r.Missing, open[key])
	}
}

func (r *importReport) exit() error {
	switch {
	case len(r.Quarantined) > 0:
		return exit{code: exitQuality}
	case len(r.Missing) > 0:
		return exit{code: exitPartial}
	default:
		return nil
	}
}

func (r *importReport) outcome(err error) string {
	return outcome(len(r.Quarantined)+len(r.Missing) > 0, err)
}

func (s *session) printImport(r importReport) error {
	if r.DryRun {
		return s.printPreviews(r.Files)
	}
	for _, f := range r.Files {
		if f.Kind == string(huawei.Statistics) {
			fmt.Fprintf(s.stdout, "%s is a statistics page of %s: kept to compare with, and no fact is made of it\n", f.Name, plural(f.Days, "day"))
			continue
		}
		if f.Covers != "" {
			continue
		}
		why := "neither title nor name says for which stretch of time it was asked: say so with --from and --to"
		if f.IsCut {
			why = "it has as many rows as the console exports at most, so some are probably missing: export shorter stretches"
		}
		fmt.Fprintf(s.stdout, "%s completes no day: %s\n", f.Name, why)
	}
	fmt.Fprintf(s.stdout, "%s, %s: %s new, %s changed\n", plural(len(r.Files), "file"), plural(r.FileRows, "row"), number(r.Messages), number(r.Changed))
	if r.TooOld > 0 {
		fmt.Fprintf(s.stdout, "%s older than message_retention_days, left out\n", plural(r.TooOld, "row"))
	}
	if r.Inserted+r.Updated+r.Removed+r.Held == 0 {
		fmt.Fprintf(s.stdout, "No fact changed: %s unchanged, %s rejected\n", plural(r.Unchanged, "row"), number(r.Rejected))
	} else {
		fmt.Fprintf(s.stdout, "%s in %s (%s inserted, %s updated, %s removed, %s unchanged, %s rejected, %s held)\n", plural(r.Received, "fact row"),
			plural(r.Windows, "window"), number(r.Inserted), number(r.Updated), number(r.Removed), number(r.Unchanged), number(r.Rejected), number(r.Held))
	}
	printFirst(s.stdout, r.Unreadable, "row", " that cannot be read; etl.reject has them all", func(u unreadableRow) string {
		return fmt.Sprintf("%s, row %d of answer %s cannot be read: %s", u.File, u.Position, u.Hash[:12], u.Reason)
	})
	for _, q := range r.Quarantined {
		fmt.Fprintf(s.stdout, "  %s: %s\n", q.Scope, q.Reason)
	}
	printFirst(s.stdout, r.Differences, "difference", "; `etl check` lists them", func(d string) string { return d })
	printFirst(s.stdout, r.Missing, "day", "; `etl status` lists them", func(m missingInDays) string {
		return fmt.Sprintf("%s %s: no export of hours %s", m.Account, m.Day, m.Hours)
	})
	return nil
}

func (s *session) printPreviews(files []importedFile) error {
	for _, f := range files {
		covers := f.Covers
		if covers == "" {
			covers = "nothing for certain"
		}
		fmt.Fprintf(s.stdout, "%s (%s), made %s, covers %s\n", f.Name, f.Format, f.MadeAt, covers)
		var rows [][]string
		for _, column := range slices.Sorted(maps.Keys(f.Columns)) {
			rows = append(rows, []string{column, f.Columns[column]})
		}
		if err := table(s.stdout, []string{"column", "header"}, rows); err != nil {
			return err
		}
		for _, header := range f.Dropped {
			fmt.Fprintf(s.stdout, "not kept: %s\n", header)
		}
		fmt.Fprintln(s.stdout)
		if err := table(s.stdout, f.Header, f.Cells); err != nil {
			return err
		}
		fmt.Fprintln(s.stdout)
	}
	return nil
}

func spanText(s sms.Span) string {
	if s.IsEmpty() {
		return ""
	}
	return s.From.Format(time.RFC3339) + "/" + s.To.Format(time.RFC3339)
}
