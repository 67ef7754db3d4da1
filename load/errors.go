package load

import (
	"errors"

	"smsetl/internal/db"
)

// ErrZone says that an account is known under another zone. The same date in two zones is two different facts.
var ErrZone = errors.New("the account is known in another time zone")

// ErrUnknownAccount says that nobody has named the account to the warehouse.
var ErrUnknownAccount = db.ErrUnknownAccount

// ErrFinished says that the load has been put or has failed already.
var ErrFinished = errors.New("the load is finished already")

// failed wraps an error of the database once, with what was tried. The error is sms.ErrTemporary when the same call may
// succeed later.
func failed(doing string, err error) error { return db.Error("load", doing, err) }

// clean makes a text of foreign origin fit for a text column.
func clean(s string) string { return db.Clean(s) }
