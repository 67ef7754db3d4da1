package show

import (
	"slices"

	"smsetl/capture"
	"smsetl/doctor"
	"smsetl/internal/english"
)

// Probes shows how vendors read a window.
func Probes(reports []doctor.Probe) string {
	t := &text{}
	for _, r := range reports {
		t.printf("%s %s: EndTime %s, hours in %s, today %s (%s)\n",
			r.Source, r.Account, doctor.OrUnknown(r.EndHour), doctor.OrUnknown(r.HoursIn), doctor.OrUnknown(r.Today), english.Plural(r.Calls, "call"))
		for _, sentence := range r.Evidence {
			t.printf("  %s\n", sentence)
		}
		if r.Contradiction != "" {
			t.printf("  CONTRADICTION: %s\n", r.Contradiction)
		}
	}
	return t.String()
}

// Dialects shows how EngageLab speaks to accounts.
func Dialects(reports []doctor.Dialect) string {
	t := &text{}
	for _, r := range reports {
		t.printf("%s %s (%s)\n", r.Source, r.Account, english.Plural(r.Calls, "call"))
		list(t, []string{"question", "answer", "evidence"}, r.Answers, func(j capture.Judgement) []string {
			return []string{j.Question, doctor.OrUnknown(j.Answer), j.Text()}
		})
	}
	return t.String()
}

// Captured shows what the answers of a capture say of the assumptions.
func Captured(m capture.Manifest) string {
	t := &text{}
	for _, one := range m.Accounts {
		t.printf("%s %s\n", one.Vendor, one.ID)
		of := slices.DeleteFunc(slices.Clone(m.Held), func(j capture.Judgement) bool {
			return j.Vendor != one.Vendor || j.Account != one.ID
		})
		list(t, []string{"assumption", "result", "evidence"}, of, func(j capture.Judgement) []string {
			return []string{j.Assumption, string(j.Result), j.Text()}
		})
		t.println()
	}
	return t.String()
}

// Checks shows what the doctor looked at.
func Checks(checks []doctor.Check) string {
	t := &text{}
	list(t, []string{"check", "result", "detail"}, checks, func(c doctor.Check) []string {
		if c.OK {
			return []string{c.Name, "ok", c.Detail}
		}
		return []string{c.Name, "FAILED", c.Detail}
	})
	return t.String()
}
