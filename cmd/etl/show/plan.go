package show

import (
	"slices"
	"strings"
	"time"

	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/plan"
)

// Plan is the windows that would be asked for.
type Plan struct {
	Windows []plannedWindow `json:"windows"`
	Days    int             `json:"days"`
	Calls   int             `json:"calls"`
	Seconds float64         `json:"seconds"`
}

// plannedWindow is one window that would be asked for. Calls is an upper bound.
type plannedWindow struct {
	pipeline.Scope
	Reason  string  `json:"reason"`
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
}

// scopeHeader is that of the cells of a pipeline.Scope.
var scopeHeader = []string{"source", "account", "datasets", "from", "to", ">days"}

func cells(s pipeline.Scope, more ...string) []string {
	names := make([]string, len(s.Datasets))
	for i, d := range s.Datasets {
		names[i] = string(d)
	}
	return append([]string{s.Source, s.Account.ID, strings.Join(names, "+"), s.From.String(), s.To.String(), english.Number(s.Days)}, more...)
}

// NewPlan gives the windows of a plan.
func NewPlan(items []plan.Item) Plan {
	calls, takes := plan.Estimate(items)
	report := Plan{Calls: calls, Seconds: takes.Seconds()}
	for _, item := range items {
		scope := pipeline.NewScope(item.Source, item.Scope, item.Scope.Window.Len())
		report.Windows = append(report.Windows, plannedWindow{scope, item.Reason, item.Calls, item.Time.Seconds()})
		report.Days += scope.Days
	}
	return report
}

// Text shows the windows, and what they would cost.
func (r Plan) Text() string {
	t := &text{}
	if len(r.Windows) == 0 {
		t.println("Nothing is due.")
		return t.String()
	}
	header := slices.Concat(scopeHeader, []string{"reason", ">calls at most"})
	list(t, header, r.Windows, func(w plannedWindow) []string { return cells(w.Scope, w.Reason, english.Number(w.Calls)) })
	t.printf("%s, at most %s, about %s at the vendors' rates\n",
		english.Plural(len(r.Windows), "window"), english.Plural(r.Calls, "call"), time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	return t.String()
}

// Decided shows what a decision changed.
func Decided(r pipeline.Decided) string {
	t := &text{}
	if len(r.Scopes) == 0 {
		t.printf("There is nothing to %s.\n", r.Operation)
		return t.String()
	}
	list(t, slices.Concat(scopeHeader, []string{""}), r.Scopes, func(d pipeline.DecidedScope) []string { return cells(d.Scope, d.Detail) })
	return t.String()
}
