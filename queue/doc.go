// Package queue hands windows to workers: it is River with what this program adds to it.
//
// A window is one job of River. Runs, schedule ticks and detached backfills queue windows; a Server or a command works
// them and leaves the steps of a load to a Loader. What is due is never remembered here: it comes from the ledger, so
// the queue can be emptied at any time and nothing is lost.
//
// River is used by its API. What has none, and every read that joins its tables with ours, stands in tables.go and in
// sql.
package queue
