package load

import (
	"context"
	_ "embed"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/dictionary.sql
var dictionaryQuery string

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

// Reference is a declared foreign key.
type Reference struct {
	Columns []string `json:"columns"`
	Schema  string   `json:"schema"`
	Table   string   `json:"table"`
}

// Dictionary gives every table, view and function of the schemas sms and etl, sms first.
func (w *Warehouse) Dictionary(ctx context.Context) ([]Relation, error) {
	rows, err := w.pool.Query(ctx, dictionaryQuery)
	if err != nil {
		return nil, failed("reading the catalog", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Relation])
	return all, failed("reading the catalog", err)
}

// Dictionary gives the same for pages.
func (l *Look) Dictionary(ctx context.Context) (all []Relation, err error) {
	err = l.read(ctx, "reading the catalog", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, dictionaryQuery)
		if err == nil {
			all, err = pgx.CollectRows(rows, pgx.RowToStructByName[Relation])
		}
		return err
	})
	return all, err
}
