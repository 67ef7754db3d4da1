package show

import (
	"smsetl/bi/metabase"
)

// Bootstrap shows what was done to a Metabase.
func Bootstrap(report metabase.Report) string {
	t := &text{}
	if len(report.Changes) == 0 {
		return t.String()
	}
	counts := map[metabase.Did]int{}
	list(t, []string{"what", "name", "result", "detail"}, report.Changes, func(c metabase.Change) []string {
		counts[c.Did]++
		return []string{c.Kind, c.Name, string(c.Did), c.Detail}
	})
	lead := ""
	if report.DryRun {
		lead = "Nothing was written; a run would leave: "
	}
	t.printf("\n%sMetabase %s: %d created, %d updated, %d unchanged, %d kept as people made them.\n",
		lead, report.Version, counts[metabase.Created], counts[metabase.Updated], counts[metabase.Unchanged], counts[metabase.Kept])
	for _, p := range report.Pages {
		t.printf("%s: %s\n", p.Name, p.Address)
	}
	return t.String()
}
