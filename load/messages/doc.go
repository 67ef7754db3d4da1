// Package messages keeps what tells of single messages, and brings it to the facts of their days: files that somebody exported
// from a console, and status reports that were pushed. A day is counted anew from all of them whenever one of them says more,
// as a load of package load, once exports cover its 24 hours.
package messages

import "smsetl/internal/db"

// failed wraps an error of the database, with what was tried.
func failed(doing string, err error) error { return db.Error("messages", doing, err) }
