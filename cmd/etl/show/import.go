package show

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"smsetl/extract/huawei"
	"smsetl/ingest"
	"smsetl/internal/english"
)

// Imported tells what an import did, or how it understands files.
func Imported(r ingest.Report) string {
	t := &text{}
	if r.DryRun {
		return previews(r.Files)
	}
	for _, f := range r.Files {
		if f.Kind == string(huawei.Statistics) {
			t.printf("%s is a statistics page of %s: kept to compare with, and no fact is made of it\n", f.Name, english.Plural(f.Days, "day"))
			continue
		}
		if f.Covers != "" {
			continue
		}
		why := "neither title nor name says for which stretch of time it was asked: say so with --from and --to"
		if f.IsCut {
			why = "it has as many rows as the console exports at most, so some are probably missing: export shorter stretches"
		}
		t.printf("%s completes no day: %s\n", f.Name, why)
	}
	t.printf("%s, %s: %s new, %s changed\n", english.Plural(len(r.Files), "file"), english.Plural(r.FileRows, "row"), english.Number(r.Messages), english.Number(r.Changed))
	if r.TooOld > 0 {
		t.printf("%s older than message_retention_days, left out\n", english.Plural(r.TooOld, "row"))
	}
	if r.Inserted+r.Updated+r.Removed+r.Held == 0 {
		t.printf("No fact changed: %s unchanged, %s rejected\n", english.Plural(r.Unchanged, "row"), english.Number(r.Rejected))
	} else {
		t.printf("%s in %s (%s)\n", english.Plural(r.Received, "fact row"),
			english.Plural(r.Windows, "window"), counts(r.Counts))
	}
	first(t, r.Unreadable, "row", " that cannot be read; etl.reject has them all", func(u ingest.UnreadableRow) string {
		return fmt.Sprintf("%s, row %d of answer %s cannot be read: %s", u.File, u.Position, u.Hash[:12], u.Reason)
	})
	for _, q := range r.Quarantined {
		t.printf("  %s: %s\n", q.Scope, q.Reason)
	}
	first(t, r.Differences, "difference", "; `etl check` lists them", func(d string) string { return d })
	first(t, r.Missing, "day", "; `etl status` lists them", func(m ingest.MissingHours) string {
		return fmt.Sprintf("%s %s: no export of hours %s", m.Account, m.Day, m.Hours)
	})
	return t.String()
}

func previews(files []ingest.File) string {
	t := &text{}
	for _, f := range files {
		t.printf("%s (%s), made %s, covers %s\n", f.Name, f.Format, f.MadeAt, cmp.Or(f.Covers, "nothing for certain"))
		var rows [][]string
		for _, column := range slices.Sorted(maps.Keys(f.Columns)) {
			rows = append(rows, []string{column, f.Columns[column]})
		}
		t.table([]string{"column", "header"}, rows)
		for _, header := range f.Dropped {
			t.printf("not kept: %s\n", header)
		}
		t.println()
		t.table(f.Header, f.Cells)
		t.println()
	}
	return t.String()
}
