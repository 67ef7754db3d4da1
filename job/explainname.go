package job

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"smsetl/read"
)

// readCells reads the rows that are asked for, and says what the account never had.
func (e *explainer) readCells(ctx context.Context) ([]read.Cell, error) {
	q := read.CellQuery{
		Account: e.q.Account, Day: e.q.Day, Failures: e.failures, Template: e.q.Template, Label: e.q.Label, MessageType: e.q.MessageType,
		Country: e.q.Country, Stage: e.q.Stage, Reason: e.q.Reason,
	}
	never, err := e.model.NeverHad(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(never) > 0 {
		var parts []string
		for _, n := range e.q.names() {
			if slices.Contains(never, n.kind) {
				parts = append(parts, "no "+n.kind+" "+n.name)
			}
		}
		return nil, fmt.Errorf("job: %w: %s for this account and day, nor for any other day of it", ErrNever, strings.Join(parts, ", "))
	}
	return e.model.Cells(ctx, q)
}

// named is a name in a question.
type named struct{ kind, name string }

// names gives the names by which a question chooses rows.
func (q Question) names() []named {
	all := []named{{"template", q.Template}, {"label", q.Label}, {"message type", q.MessageType}, {"country", q.Country}, {"reason", q.Reason}}
	return slices.DeleteFunc(all, func(n named) bool { return n.name == "" })
}

// missing says why there is no row; empty when the whole day had nothing.
func (e *explainer) missing(wasThere, isAnswered bool) string {
	var parts []string
	for _, n := range e.q.names() {
		parts = append(parts, n.kind+" "+n.name)
	}
	switch {
	case wasThere:
		return "the rows are there no more: a later answer did not tell them"
	case !isAnswered:
		return "no answer about this day was believed yet"
	case len(parts) == 1:
		return "no " + parts[0] + " for this account and day"
	case len(parts) > 1:
		return "no row of this account and day has " + strings.Join(parts, ", ")
	default:
		return ""
	}
}
