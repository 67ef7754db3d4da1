package show

import (
	"fmt"
	"strconv"
	"time"

	"smsetl/check"
	"smsetl/internal/english"
	"smsetl/read"
	"smsetl/sms"
)

// Findings shows the numbers of all findings in a table and below it a sentence for each warning and error.
func Findings(r check.Report) string {
	t := &text{}
	if len(r.Findings) == 0 {
		t.printf("Nothing to say about the days since %s.\n", r.First)
		return t.String()
	}
	header := []string{"severity", "check", "account", "subject", "days", ">expected", ">found", "unit", "since", "trend"}
	list(t, header, r.Findings, func(f read.Finding) []string {
		return []string{
			string(f.Severity), f.Check, accountName(&f), f.Subject, span(f), measure(f.Expected), measure(f.Found), f.Unit,
			f.OpenedAt.UTC().Format(time.DateOnly), f.Trend,
		}
	})
	t.details(r.Findings)
	t.printf("%d opened, %d back, %d closed since the check before; docs/checks.md says what to do\n", r.Opened, r.Reopened, r.Closed)
	return t.String()
}

// details describes what a person should look at, as far as a screen holds it.
func (t *text) details(findings []read.Finding) {
	const width = 240
	left := mostLines
	for _, f := range findings {
		if f.Severity == sms.Info {
			continue
		}
		if left--; left < 0 {
			continue
		}
		line := fmt.Sprintf("%s %s %s: %s", f.Check, accountName(&f), f.Subject, f.Detail)
		t.printf("%s\n", shortened(line, width))
	}
	if left < 0 {
		t.printf("and %s more; etl check -o json lists them whole\n", english.Plural(-left, "finding"))
	}
}

func accountName(f *read.Finding) string {
	if !f.HasAccount() {
		return "-"
	}
	return f.Account.String()
}

// span gives the days of a finding: "2026-01-05", "2026-01-05/2026-01-09 (3)".
func span(f read.Finding) string {
	switch {
	case f.First == 0:
		return "-"
	case f.First == f.Last:
		return f.First.String()
	case f.Days == 0:
		return fmt.Sprintf("%s/%s", f.First, f.Last)
	default:
		return fmt.Sprintf("%s/%s (%d)", f.First, f.Last, f.Days)
	}
}

// measure writes a number with as many digits as it has, "-" for none.
func measure(n *float64) string {
	switch {
	case n == nil:
		return "-"
	case *n == float64(int64(*n)):
		return english.Number(int64(*n))
	default:
		return strconv.FormatFloat(*n, 'f', -1, 64)
	}
}
