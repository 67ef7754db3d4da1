package migrations

import (
	"errors"
	"testing"
)

func TestServer(t *testing.T) {
	for _, test := range []struct {
		server       server
		old, refused bool
		says         string
	}{
		{server{version: 150000}, false, false, ""},
		{server{version: 180001}, false, false, ""},
		{server{version: 140018}, true, false, "PostgreSQL 15 or newer is needed, and this server is 14.18"},
		{server{version: 150018, standby: true, readOnly: true}, false, true, "the database is read-only: the server is a standby, use the primary"},
		{server{version: 150018, readOnly: true}, false, true,
			"the database is read-only: default_transaction_read_only is on for the server, the database or the role"},
	} {
		old, refused := test.server.tooOld(), test.server.takesWrites()
		if errors.Is(old, ErrTooOld) != test.old || errors.Is(refused, ErrReadOnly) != test.refused {
			t.Errorf("%+v: %v, %v", test.server, old, refused)
		}
		if err := errors.Join(old, refused); err != nil && err.Error() != test.says {
			t.Errorf("%+v: %v", test.server, err)
		}
	}
}
