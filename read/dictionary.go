package read

import "context"

// Relation is a table, view or function of the warehouse as its catalog describes it.
type Relation struct {
	Schema  string // sms or etl
	Name    string // of a function with its arguments
	Kind    string // table, view or function
	Comment string // unit first: "messages. One row is ..."
	// Grain are the columns of the primary key; nil for views and functions.
	Grain      []string
	Columns    []Column // in their order; of a function those it gives
	References []Reference
}

// Column is a column of a relation.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`     // as SQL writes it: bigint, timestamp with time zone
	Required bool   `json:"required"` // is never NULL; not known of views
	Comment  string `json:"comment"`  // unit first
}

// Reference is a foreign key.
type Reference struct {
	Columns []string `json:"columns"`
	Schema  string   `json:"schema"`
	Table   string   `json:"table"`
}

// Dictionary gives every table, view and function of the schemas sms and etl, sms first.
func (m *Model) Dictionary(ctx context.Context) ([]Relation, error) {
	return answer[Relation](ctx, m, "the catalog", statement("dictionary"))
}
