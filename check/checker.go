// Package check looks for what does not add up: it compares the warehouse with itself, opens and closes findings, and keeps what
// people are told about days. The SQL stands in sql/, a file a check.
package check

import (
	"embed"

	"smsetl/internal/db"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// Checker checks a warehouse. It is safe for use by many goroutines.
type Checker struct{ db *db.DB }

// New gives the checker of a database.
func New(d *db.DB) *Checker { return &Checker{db: d} }

// failed wraps an error of the database, with what was tried.
func failed(doing string, err error) error { return db.Error("check", doing, err) }
