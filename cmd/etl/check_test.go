package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// findings runs `etl check` and gives its exit code and the open findings, errors first, as "severity check account subject days".
func (w *world) findings(arguments ...string) (int, []string) {
	w.t.Helper()
	code, stdout, stderr := w.etl("check", append([]string{"-o", "json"}, arguments...)...)
	var report checkReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		w.t.Fatalf("exit %d: %v\n%s\n%s", code, err, stdout, stderr)
	}
	var lines []string
	for _, f := range report.Findings {
		days := "-"
		if f.FirstDay != nil {
			days = *f.FirstDay + ".." + *f.LastDay
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s: %s", f.Severity, f.Check, f.Account, f.Subject, days, f.Detail))
	}
	return code, lines
}

// grave gives the lines of the severities, "error" or "warning".
func grave(lines []string, severities ...string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		severity, _, _ := strings.Cut(line, " ")
		return !slices.Contains(severities, severity)
	})
}

// The year of an honest company, with its feasts, campaigns and a bad week of a carrier, is no reason to call anybody.
func TestCheckIsSilentOnHonestVendors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(400))
	w.must(exitOK, "run", at(today)...)
	code, lines := w.findings(append(at(today), "--all")...)
	if bad := grave(lines, "warning", "error"); code != exitOK || len(bad) > 0 {
		t.Errorf("exit %d\n%s", code, strings.Join(bad, "\n"))
	}
	for _, line := range lines {
		t.Log(line)
	}
}
