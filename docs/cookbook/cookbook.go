// Package cookbook holds the questions that people ask of the warehouse, as files of SQL.
package cookbook

import "embed"

// Files are the questions, each one statement with its comment on top.
//
//go:embed *.sql
var Files embed.FS
