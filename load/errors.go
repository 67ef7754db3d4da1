package load

import (
	"embed"
	"errors"

	"smsetl/internal/db"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// ErrZone says that an account is known under another zone. The same date in two zones is two different facts.
var ErrZone = errors.New("the account is known in another time zone")

// ErrUnknownAccount says that nobody has named the account to the warehouse.
var ErrUnknownAccount = db.ErrUnknownAccount

// ErrFinished says that the load has been put or has failed already.
var ErrFinished = errors.New("the load is finished already")

// failed wraps an error of the database once, with what was tried. The error is sms.ErrTemporary when the same call may
// succeed later.
func failed(doing string, err error) error { return db.Error("load", doing, err) }
